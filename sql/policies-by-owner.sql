-- An example for Supabase: a signed-in user sees the instances whose owner_id is their own id, and what belongs to them:
-- sessions, contacts, chats, group members, messages, their status, their media. Nothing else; nobody writes but Recado.
--
-- Run it in the SQL editor; running it again changes nothing. `owner_id` is set when an instance is created
-- (POST /v1/instances) or later (PATCH /v1/instances/{name}). Realtime obeys these policies too.
BEGIN;

CREATE INDEX IF NOT EXISTS whatsapp_instances_owner ON public.whatsapp_instances (owner_id);

DROP POLICY IF EXISTS owner_reads ON public.whatsapp_instances;
CREATE POLICY owner_reads ON public.whatsapp_instances FOR SELECT TO authenticated
  USING (owner_id = (SELECT auth.uid()));

DROP POLICY IF EXISTS owner_reads ON public.whatsapp_sessions;
CREATE POLICY owner_reads ON public.whatsapp_sessions FOR SELECT TO authenticated
  USING (instance_name IN (SELECT instance_name FROM public.whatsapp_instances WHERE owner_id = (SELECT auth.uid())));

DROP POLICY IF EXISTS owner_reads ON public.whatsapp_contacts;
CREATE POLICY owner_reads ON public.whatsapp_contacts FOR SELECT TO authenticated
  USING (instance_id IN (SELECT id FROM public.whatsapp_instances WHERE owner_id = (SELECT auth.uid())));

-- The owner_id of a chat is who made the group; whose chat it is says its instance.
DROP POLICY IF EXISTS owner_reads ON public.whatsapp_chats;
CREATE POLICY owner_reads ON public.whatsapp_chats FOR SELECT TO authenticated
  USING (instance_id IN (SELECT id FROM public.whatsapp_instances i WHERE i.owner_id = (SELECT auth.uid())));

DROP POLICY IF EXISTS owner_reads ON public.whatsapp_group_members;
CREATE POLICY owner_reads ON public.whatsapp_group_members FOR SELECT TO authenticated
  USING (instance_id IN (SELECT id FROM public.whatsapp_instances WHERE owner_id = (SELECT auth.uid())));

DROP POLICY IF EXISTS owner_reads ON public.whatsapp_messages;
CREATE POLICY owner_reads ON public.whatsapp_messages FOR SELECT TO authenticated
  USING (instance_id IN (SELECT id FROM public.whatsapp_instances WHERE owner_id = (SELECT auth.uid())));

-- These two follow their message, which is seen by the policy above.
DROP POLICY IF EXISTS owner_reads ON public.whatsapp_message_status;
CREATE POLICY owner_reads ON public.whatsapp_message_status FOR SELECT TO authenticated
  USING (EXISTS (SELECT FROM public.whatsapp_messages m WHERE m.id = message_id));

DROP POLICY IF EXISTS owner_reads ON public.whatsapp_media;
CREATE POLICY owner_reads ON public.whatsapp_media FOR SELECT TO authenticated
  USING (EXISTS (SELECT FROM public.whatsapp_messages m WHERE m.id = message_id));

COMMIT;
