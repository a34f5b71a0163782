-- Nothing is wrong with it.
CREATE SCHEMA extensions;
CREATE FUNCTION extensions.uuid_generate_v4() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()';
CREATE TABLE public.whatsapp_instances (
  id uuid NOT NULL DEFAULT extensions.uuid_generate_v4(),
  instance_name text NOT NULL,
  status text NULL DEFAULT 'disconnected'::text,
  qr_code text NULL,
  phone_number text NULL,
  webhook_url text NULL,
  created_at timestamp with time zone NULL DEFAULT now(),
  updated_at timestamp with time zone NULL DEFAULT now(),
  CONSTRAINT whatsapp_instances_pkey PRIMARY KEY (id),
  CONSTRAINT whatsapp_instances_instance_name_key UNIQUE (instance_name),
  CONSTRAINT whatsapp_instances_status_check CHECK (
    status = ANY (ARRAY['connected'::text, 'disconnected'::text, 'connecting'::text])
  )
);
INSERT INTO public.whatsapp_instances (instance_name, status, qr_code, phone_number) VALUES
  ('Loja São Paulo', 'connected', NULL, '5511999990001'), ('filial', 'connecting', 'data:image/png;base64,x', NULL);
