-- No key, no constraint, no default, and the words of three other libraries for its status.
CREATE TABLE public.whatsapp_instances (
  id uuid, instance_name text, status text, qr_code text, phone_number text, webhook_url text, created_at timestamptz,
  updated_at timestamptz
);
INSERT INTO public.whatsapp_instances (id, instance_name, status) VALUES
  (gen_random_uuid(), 'a', 'open'), (gen_random_uuid(), 'b', 'close'), (gen_random_uuid(), 'c', ' QR_CODE '),
  (gen_random_uuid(), 'd', 'SCAN_QR_CODE'), (gen_random_uuid(), 'e', 'WORKING'), (gen_random_uuid(), 'f', NULL),
  (gen_random_uuid(), 'g', 'connected'), (gen_random_uuid(), 'h', ''), (gen_random_uuid(), 'i', 'open');
