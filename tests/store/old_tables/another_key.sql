-- The key is the name, another table hangs on it, and ids are empty or twice there.
CREATE TABLE public.whatsapp_instances (id uuid, instance_name text PRIMARY KEY, status text DEFAULT 'disconnected', created_at timestamptz);
CREATE TABLE public.campaigns (
  instance_name text PRIMARY KEY REFERENCES public.whatsapp_instances ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO public.whatsapp_instances VALUES
  ('10000000-0000-4000-8000-000000000001', 'newer', 'connected', '2024-02-01'),
  ('10000000-0000-4000-8000-000000000001', 'older', 'connected', '2024-01-01'), (NULL, 'without', 'connected', NULL);
INSERT INTO public.campaigns VALUES ('newer');
