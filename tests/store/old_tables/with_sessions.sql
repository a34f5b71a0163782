-- The old whatsapp_sessions beside it: text for JSON, one name twice, no key.
CREATE TABLE public.whatsapp_instances (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), instance_name text NOT NULL UNIQUE, status text
);
CREATE TABLE public.whatsapp_sessions (
  instance_name text, phone_number bigint NOT NULL, session_data text, last_activity timestamp, device text NOT NULL
);
INSERT INTO public.whatsapp_instances (instance_name) VALUES ('a');
INSERT INTO public.whatsapp_sessions VALUES
  ('a', 5511999990001, '{"clientId": "a"}', '2024-01-01', 'x'), ('a', 5511999990001, 'a', '2024-02-01', 'y'),
  (NULL, 1, NULL, NULL, 'z');
