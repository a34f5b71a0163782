-- What ORMs make of it: limited texts, numbers, times without a zone, Unix time.
CREATE TABLE public.whatsapp_instances (
  id varchar(36) PRIMARY KEY, instance_name varchar(50) NOT NULL UNIQUE, status char(20) DEFAULT 'disconnected',
  qr_code varchar, phone_number bigint, webhook_url varchar(2048) DEFAULT 'https://a.example/hook',
  created_at timestamp DEFAULT now(), updated_at bigint
);
CREATE INDEX by_name ON public.whatsapp_instances (instance_name varchar_pattern_ops);
INSERT INTO public.whatsapp_instances (id, instance_name, status, phone_number, created_at, updated_at) VALUES
  ('6F9619FF-8B86-D011-B42D-00C04FC964FF', 'a', 'connected', 5511999990001, '2024-05-06 07:08:09', 1714979289000),
  ('00000000-0000-4000-8000-000000000001', 'b', 'disconnected', NULL, NULL, 1714979289);
