-- Hardly anything of it is there.
CREATE TABLE public.whatsapp_instances (instance_name text PRIMARY KEY, status boolean);
INSERT INTO public.whatsapp_instances VALUES ('a', true), ('b', false), ('c', NULL);
