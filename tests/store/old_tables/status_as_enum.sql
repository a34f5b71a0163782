-- An enum that a view, a policy of this and of another table, a trigger and a default stand on.
CREATE TYPE public.instance_status AS ENUM ('open', 'close', 'connecting');
CREATE TABLE public.whatsapp_instances (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), instance_name text NOT NULL UNIQUE,
  status public.instance_status NOT NULL DEFAULT 'close', phone_number text
);
CREATE TABLE public.orders (id integer PRIMARY KEY, instance_id uuid REFERENCES public.whatsapp_instances (id));
ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_open_ones ON public.orders AS RESTRICTIVE FOR SELECT TO pg_monitor
  USING (instance_id IN (SELECT id FROM public.whatsapp_instances WHERE status = 'open'));
COMMENT ON POLICY of_open_ones ON public.orders IS 'only open ones';
CREATE POLICY any_status ON public.whatsapp_instances FOR UPDATE USING (status IS NOT NULL) WITH CHECK (status <> 'open');
CREATE VIEW public.open_ones WITH (security_invoker = true) AS
  SELECT id AS key, status AS how FROM public.whatsapp_instances WHERE status IN ('open', 'connecting');
GRANT SELECT ON public.open_ones TO pg_monitor WITH GRANT OPTION;
COMMENT ON VIEW public.open_ones IS 'those that are open';
CREATE VIEW public.how_many AS SELECT count(*) AS n FROM public.open_ones;
CREATE TABLE public.audit (what text);
CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN INSERT INTO public.audit VALUES (NEW.instance_name); RETURN NEW; END $$;
CREATE TRIGGER on_status BEFORE UPDATE OF status ON public.whatsapp_instances FOR EACH ROW
  WHEN (NEW.status IS DISTINCT FROM OLD.status) EXECUTE FUNCTION public.note();
ALTER TABLE public.whatsapp_instances ENABLE ALWAYS TRIGGER on_status;
CREATE TRIGGER switched_off BEFORE UPDATE ON public.whatsapp_instances FOR EACH ROW EXECUTE FUNCTION public.note();
ALTER TABLE public.whatsapp_instances DISABLE TRIGGER switched_off;
INSERT INTO public.whatsapp_instances (instance_name, status) VALUES ('a', 'open'), ('b', 'close'), ('c', 'connecting');
