-- What front ends may read: instances, sessions, contacts, chats, messages. All under RLS; nobody but the owner and
-- service_role sees a row until somebody writes a policy.

ALTER TABLE public.whatsapp_instances
  ADD COLUMN IF NOT EXISTS owner_id uuid NULL,
  ADD COLUMN IF NOT EXISTS engine text NOT NULL DEFAULT 'whatsmeow',
  ADD COLUMN IF NOT EXISTS wanted text NOT NULL DEFAULT 'stopped'
    CONSTRAINT whatsapp_instances_wanted_check CHECK (wanted IN ('running', 'stopped')),
  ADD COLUMN IF NOT EXISTS wanted_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN IF NOT EXISTS state text NOT NULL DEFAULT 'stopped'
    CONSTRAINT whatsapp_instances_state_check CHECK (state IN ('starting', 'awaiting_scan', 'pairing', 'syncing',
      'connected', 'degraded', 'reconnecting', 'conflict', 'blocked', 'logged_out', 'failed', 'stopped')),
  ADD COLUMN IF NOT EXISTS reason text NULL,
  ADD COLUMN IF NOT EXISTS user_action text NULL,
  ADD COLUMN IF NOT EXISTS attempt integer NOT NULL DEFAULT 0,
  ADD COLUMN IF NOT EXISTS next_at timestamptz NULL,
  ADD COLUMN IF NOT EXISTS deadline timestamptz NULL,
  ADD COLUMN IF NOT EXISTS since timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN IF NOT EXISTS checked_at timestamptz NULL,
  ADD COLUMN IF NOT EXISTS last_activity_at timestamptz NULL,
  ADD COLUMN IF NOT EXISTS lid text NULL,
  ADD COLUMN IF NOT EXISTS push_name text NULL,
  ADD COLUMN IF NOT EXISTS platform text NULL;

COMMENT ON TABLE public.whatsapp_instances IS 'One WhatsApp number each, and what is so about it right now.';
COMMENT ON COLUMN public.whatsapp_instances.status IS 'connected, connecting or disconnected; state says it more finely.';
COMMENT ON COLUMN public.whatsapp_instances.qr_code IS 'PNG data URL of the code to scan; NULL whenever there is none.';
COMMENT ON COLUMN public.whatsapp_instances.owner_id IS 'Whose instance it is, for policies of your own. Recado never reads it.';
COMMENT ON COLUMN public.whatsapp_instances.wanted IS 'What somebody asked for: running or stopped.';
COMMENT ON COLUMN public.whatsapp_instances.state IS 'What is so, as the worker last saw it.';
COMMENT ON COLUMN public.whatsapp_instances.reason IS 'A code for why it is so; the timeline has the sentence.';
COMMENT ON COLUMN public.whatsapp_instances.checked_at IS 'When the state was last proven.';

SELECT set_config('recado.found_sessions', (to_regclass('public.whatsapp_sessions') IS NOT NULL)::text, true);

CREATE TABLE IF NOT EXISTS public.whatsapp_sessions (
  instance_name text PRIMARY KEY REFERENCES public.whatsapp_instances (instance_name) ON UPDATE CASCADE ON DELETE CASCADE,
  phone_number text NULL,
  session_data jsonb NULL,
  last_activity timestamptz NULL
);
COMMENT ON TABLE public.whatsapp_sessions IS 'Identity of each linked session, written at ready. Never key material.';

-- A person has one id of ours; phone number and LID are attributes of it. When two rows turn out to be one person the
-- older survives; the other stays as an alias (merged_into) without attributes.
CREATE TABLE public.whatsapp_contacts (
  id uuid PRIMARY KEY,
  instance_id uuid NOT NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  phone_number text NULL,
  lid text NULL,
  name text NULL,
  push_name text NULL,
  business_name text NULL,
  picture_url text NULL,
  merged_into uuid NULL REFERENCES public.whatsapp_contacts (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX whatsapp_contacts_phone_number_key ON public.whatsapp_contacts (instance_id, phone_number)
  WHERE phone_number IS NOT NULL;
CREATE UNIQUE INDEX whatsapp_contacts_lid_key ON public.whatsapp_contacts (instance_id, lid) WHERE lid IS NOT NULL;
CREATE INDEX whatsapp_contacts_merged_into ON public.whatsapp_contacts (merged_into) WHERE merged_into IS NOT NULL;
COMMENT ON TABLE public.whatsapp_contacts IS 'People, one row each, known by phone number, LID or both.';

-- A chat with a person hangs on that person's contact; any other chat on its JID.
CREATE TABLE public.whatsapp_chats (
  id uuid PRIMARY KEY,
  instance_id uuid NOT NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('person', 'group', 'status', 'broadcast', 'newsletter', 'other')),
  contact_id uuid NULL REFERENCES public.whatsapp_contacts (id) ON DELETE CASCADE,
  jid text NULL,
  name text NULL,
  unread_count integer NOT NULL DEFAULT 0,
  last_message_id uuid NULL,
  last_message_at timestamptz NULL,
  last_tiebreak bigint NOT NULL DEFAULT 0,
  is_archived boolean NOT NULL DEFAULT false,
  pinned_at timestamptz NULL,
  muted_until timestamptz NULL,
  merged_into uuid NULL REFERENCES public.whatsapp_chats (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK (merged_into IS NOT NULL OR (kind = 'person') = (contact_id IS NOT NULL)),
  CHECK (merged_into IS NOT NULL OR (kind = 'person') = (jid IS NULL))
);
CREATE UNIQUE INDEX whatsapp_chats_contact_key ON public.whatsapp_chats (contact_id) WHERE merged_into IS NULL;
CREATE UNIQUE INDEX whatsapp_chats_jid_key ON public.whatsapp_chats (instance_id, jid) WHERE merged_into IS NULL;
CREATE INDEX whatsapp_chats_order ON public.whatsapp_chats (instance_id, last_message_at DESC NULLS LAST, id);
CREATE INDEX whatsapp_chats_merged_into ON public.whatsapp_chats (merged_into) WHERE merged_into IS NOT NULL;
COMMENT ON TABLE public.whatsapp_chats IS 'Conversations: with a person, or of a group, by JID.';

-- Order inside a chat is (sent_at, tiebreak). A received message is unique by (chat, sender, WhatsApp's id); variant
-- tells apart different messages that carry one id, as in two chats which were merged later. sender_id is NULL for
-- your own and for what nobody in person has sent (newsletters).
CREATE TABLE public.whatsapp_messages (
  id uuid PRIMARY KEY,
  instance_id uuid NOT NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  chat_id uuid NOT NULL REFERENCES public.whatsapp_chats (id) ON DELETE CASCADE,
  sender_id uuid NULL REFERENCES public.whatsapp_contacts (id) ON DELETE CASCADE,
  from_me boolean NOT NULL,
  wa_id text NOT NULL,
  variant smallint NOT NULL DEFAULT 0,
  kind text NOT NULL,
  text text NULL,
  quoted_wa_id text NULL,
  sent_at timestamptz NOT NULL,
  tiebreak bigint NOT NULL DEFAULT 0,
  status text NOT NULL CHECK (status IN ('received', 'queued', 'sending', 'sent', 'delivered', 'read', 'played',
    'failed', 'cancelled')),
  status_at timestamptz NOT NULL DEFAULT now(),
  error_code text NULL,
  error_detail text NULL,
  is_history boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT whatsapp_messages_key UNIQUE NULLS NOT DISTINCT (chat_id, wa_id, sender_id, variant),
  CHECK (NOT (from_me AND sender_id IS NOT NULL))
);
CREATE INDEX whatsapp_messages_order ON public.whatsapp_messages (chat_id, sent_at, tiebreak);
CREATE INDEX whatsapp_messages_recent ON public.whatsapp_messages (instance_id, id);
CREATE INDEX whatsapp_messages_wa_id ON public.whatsapp_messages (instance_id, wa_id);
CREATE INDEX whatsapp_messages_sender ON public.whatsapp_messages (sender_id) WHERE sender_id IS NOT NULL;
COMMENT ON TABLE public.whatsapp_messages IS 'Every message, in and out. from_me tells which.';
COMMENT ON COLUMN public.whatsapp_messages.kind IS 'The protobuf''s own field name (conversation, imageMessage …) or unknown.';
COMMENT ON COLUMN public.whatsapp_messages.text IS 'NUL is kept as ␀ (U+2400), half a surrogate pair as U+FFFD.';
COMMENT ON COLUMN public.whatsapp_messages.wa_id IS 'WhatsApp''s id of it.';

-- One row a step and person; contact_id is NULL for steps that WhatsApp itself reported.
CREATE TABLE public.whatsapp_message_status (
  message_id uuid NOT NULL REFERENCES public.whatsapp_messages (id) ON DELETE CASCADE,
  status text NOT NULL,
  contact_id uuid NULL REFERENCES public.whatsapp_contacts (id) ON DELETE CASCADE,
  at timestamptz NOT NULL,
  CONSTRAINT whatsapp_message_status_key UNIQUE NULLS NOT DISTINCT (message_id, status, contact_id)
);
CREATE INDEX whatsapp_message_status_contact ON public.whatsapp_message_status (contact_id) WHERE contact_id IS NOT NULL;
COMMENT ON TABLE public.whatsapp_message_status IS 'The history of each message''s status.';

CREATE TABLE public.whatsapp_media (
  message_id uuid PRIMARY KEY REFERENCES public.whatsapp_messages (id) ON DELETE CASCADE,
  kind text NOT NULL,
  mime_type text NULL,
  file_name text NULL,
  size_bytes bigint NULL,
  sha256 text NULL,
  state text NOT NULL DEFAULT 'remote',
  path text NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.whatsapp_media IS 'Files that belong to messages. Never their keys.';

DO $$
DECLARE
  name text;
  other text;
  is_found boolean;
BEGIN
  FOREACH name IN ARRAY ARRAY['whatsapp_instances', 'whatsapp_sessions', 'whatsapp_contacts', 'whatsapp_chats',
    'whatsapp_messages', 'whatsapp_message_status', 'whatsapp_media']
  LOOP
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
    is_found := name = 'whatsapp_instances' OR name = 'whatsapp_sessions' AND current_setting('recado.found_sessions') = 'true';
    FOR other IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated', 'service_role') AND NOT is_found LOOP
      EXECUTE format('REVOKE ALL ON public.%I FROM %I', name, other);
    END LOOP;
    IF to_regrole('service_role') IS NOT NULL THEN
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO service_role', name);
    END IF;
    IF to_regrole('authenticated') IS NOT NULL THEN
      EXECUTE format('GRANT SELECT ON public.%I TO authenticated', name);
    END IF;
    IF EXISTS (SELECT FROM pg_publication WHERE pubname = 'supabase_realtime' AND NOT puballtables)
      AND NOT EXISTS (SELECT FROM pg_publication_tables
        WHERE pubname = 'supabase_realtime' AND schemaname = 'public' AND tablename = name) THEN
      EXECUTE format('ALTER PUBLICATION supabase_realtime ADD TABLE public.%I', name);
    END IF;
  END LOOP;
END $$;
