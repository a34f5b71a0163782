-- Rows of one name, without a name, with a blank one; and the name that a suffix would give is taken.
CREATE TABLE public.whatsapp_instances (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), instance_name text, status text, created_at timestamptz
);
INSERT INTO public.whatsapp_instances VALUES
  ('10000000-0000-4000-8000-000000000001', 'loja', 'connected', '2024-03-01'),
  ('20000000-0000-4000-8000-000000000002', 'loja', 'connected', '2024-01-01'),
  ('30000000-0000-4000-8000-000000000003', 'loja', 'connected', '2024-02-01'),
  ('40000000-0000-4000-8000-000000000004', 'loja-2', 'connected', '2024-04-01'),
  ('50000000-0000-4000-8000-000000000005', NULL, 'connected', '2024-05-01'),
  ('60000000-0000-4000-8000-000000000006', '  ', 'connected', '2024-06-01'),
  ('70000000-0000-4000-8000-000000000007', 'Loja', 'connected', NULL);
