-- Checks of other values, one that never looked at old rows, a wrong default, a uniqueness that can wait.
CREATE TABLE public.whatsapp_instances (
  id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(), instance_name text UNIQUE DEFERRABLE, status text DEFAULT 'pending',
  CONSTRAINT whatsapp_instances_status_check CHECK (status IN ('pending', 'ready', 'gone')),
  CONSTRAINT not_shouting CHECK (status = lower(status)), CONSTRAINT short CHECK (length(instance_name) < 100)
);
INSERT INTO public.whatsapp_instances (instance_name, status) VALUES ('a', 'pending'), ('b', 'ready'), ('c', 'gone');
ALTER TABLE public.whatsapp_instances ADD CONSTRAINT late CHECK (status <> 'gone') NOT VALID;
