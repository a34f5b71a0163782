-- Row-level security, policies, grants (of columns too), a trigger that would write, a rule-free chain of views.
CREATE TABLE public.whatsapp_instances (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), instance_name varchar(40) NOT NULL, status text, user_id uuid, updated_at timestamptz
);
ALTER TABLE public.whatsapp_instances ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON public.whatsapp_instances FOR SELECT TO PUBLIC USING (true);
CREATE POLICY named ON public.whatsapp_instances FOR ALL TO pg_monitor, pg_read_all_data USING (instance_name LIKE 'a%') WITH CHECK (true);
GRANT SELECT, INSERT ON public.whatsapp_instances TO pg_monitor;
GRANT UPDATE (status) ON public.whatsapp_instances TO pg_read_all_data;
CREATE TABLE public.audit (what text);
CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN INSERT INTO public.audit VALUES (NEW.instance_name); NEW.updated_at := '2000-01-01'; RETURN NEW; END $$;
CREATE TRIGGER noting BEFORE UPDATE ON public.whatsapp_instances FOR EACH ROW EXECUTE FUNCTION public.note();
COMMENT ON TRIGGER noting ON public.whatsapp_instances IS 'for the audit';
CREATE VIEW public.names AS SELECT instance_name FROM public.whatsapp_instances;
GRANT SELECT (instance_name) ON public.names TO pg_monitor;
COMMENT ON COLUMN public.names.instance_name IS 'its name';
CREATE TRIGGER noting_too INSTEAD OF UPDATE ON public.names FOR EACH ROW EXECUTE FUNCTION public.note();
CREATE VIEW public.short_names AS SELECT left(instance_name, 3) AS name FROM public.names;
CREATE VIEW public.pairs AS SELECT n.instance_name, s.name FROM public.names n, public.short_names s;
-- As on Supabase: whatever is made from now on is given to somebody by itself.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT INSERT ON TABLES TO pg_monitor;
INSERT INTO public.whatsapp_instances (instance_name, status, updated_at) VALUES ('a', 'open', '2024-01-01'), ('a', 'open', '2024-01-01');
