-- Columns with the names of Recado's own, and some that must have a value which Recado does not know.
CREATE TABLE public.whatsapp_instances (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), instance_name text NOT NULL UNIQUE, status text NOT NULL,
  qr_code text NOT NULL DEFAULT '', phone_number text NOT NULL DEFAULT '', tenant text NOT NULL,
  state text NOT NULL DEFAULT 'open' CONSTRAINT whatsapp_instances_state_check CHECK (state IN ('open', 'close')),
  owner_id uuid NOT NULL, platform integer, reason jsonb
);
CREATE VIEW public.states AS SELECT instance_name, state FROM public.whatsapp_instances;
INSERT INTO public.whatsapp_instances (instance_name, status, tenant, owner_id, platform) VALUES
  ('a', 'connected', 'acme', '10000000-0000-4000-8000-000000000001', 7);
