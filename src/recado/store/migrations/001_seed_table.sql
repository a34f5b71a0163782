-- The table of the seed, word for word. Where the extension is absent, its function is a one-line stand-in.
CREATE SCHEMA IF NOT EXISTS extensions;

DO $$
BEGIN
  IF to_regprocedure('extensions.uuid_generate_v4()') IS NULL THEN
    CREATE FUNCTION extensions.uuid_generate_v4() RETURNS uuid LANGUAGE sql VOLATILE AS 'SELECT gen_random_uuid()';
  END IF;
END $$;

-- For the end of this file: grants on a table that was here before us stay as they are.
SELECT set_config('recado.found_instances', (to_regclass('public.whatsapp_instances') IS NOT NULL)::text, true);

CREATE TABLE IF NOT EXISTS public.whatsapp_instances (
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

-- Supabase grants everything on a new table in public to its API roles; what they get is said in the next file.
DO $$
DECLARE
  other text;
BEGIN
  IF current_setting('recado.found_instances') = 'false' THEN
    FOR other IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated', 'service_role') LOOP
      EXECUTE format('REVOKE ALL ON public.whatsapp_instances FROM %I', other);
    END LOOP;
  END IF;
END $$;
