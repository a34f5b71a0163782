-- Contacts, chats and messages as the phone has them: names, pictures, groups, history, what is shown of every kind.

ALTER TABLE public.whatsapp_instances
  ADD COLUMN IF NOT EXISTS history_progress smallint NULL;
COMMENT ON COLUMN public.whatsapp_instances.history_progress IS 'Percent of the first history that is stored; NULL before the first piece.';

ALTER TABLE public.whatsapp_contacts
  ADD COLUMN first_name text NULL,
  ADD COLUMN is_saved boolean NOT NULL DEFAULT false,
  ADD COLUMN picture_id text NULL,
  ADD COLUMN picture_at timestamptz NULL;
COMMENT ON COLUMN public.whatsapp_contacts.name IS 'As the phone''s address book has it.';
COMMENT ON COLUMN public.whatsapp_contacts.push_name IS 'The name that the person goes by.';
COMMENT ON COLUMN public.whatsapp_contacts.is_saved IS 'Whether the person is in the phone''s address book.';
COMMENT ON COLUMN public.whatsapp_contacts.picture_url IS 'Where WhatsApp keeps the picture; such an address ends after some days. The API serves the picture itself.';
COMMENT ON COLUMN public.whatsapp_contacts.picture_at IS 'When the picture was last asked for.';

ALTER TABLE public.whatsapp_chats
  ADD COLUMN description text NULL,
  ADD COLUMN owner_id uuid NULL REFERENCES public.whatsapp_contacts (id) ON DELETE SET NULL,
  ADD COLUMN is_announce boolean NOT NULL DEFAULT false,
  ADD COLUMN is_locked boolean NOT NULL DEFAULT false,
  ADD COLUMN ephemeral_seconds integer NOT NULL DEFAULT 0,
  ADD COLUMN left_at timestamptz NULL,
  ADD COLUMN is_marked_unread boolean NOT NULL DEFAULT false,
  ADD COLUMN history_at timestamptz NULL,
  ADD COLUMN has_older boolean NOT NULL DEFAULT true,
  ADD COLUMN picture_url text NULL,
  ADD COLUMN picture_id text NULL,
  ADD COLUMN picture_at timestamptz NULL;
COMMENT ON COLUMN public.whatsapp_chats.name IS 'A group''s subject; people''s names are in whatsapp_contacts.';
COMMENT ON COLUMN public.whatsapp_chats.history_at IS 'When the phone''s history first named this chat.';
COMMENT ON COLUMN public.whatsapp_chats.has_older IS 'False once the phone has said that it has no older messages.';
COMMENT ON COLUMN public.whatsapp_chats.left_at IS 'When this number left the group, or was removed from it.';
COMMENT ON COLUMN public.whatsapp_chats.muted_until IS 'infinity: for ever.';
CREATE INDEX whatsapp_chats_owner ON public.whatsapp_chats (owner_id) WHERE owner_id IS NOT NULL;

CREATE TABLE public.whatsapp_group_members (
  chat_id uuid NOT NULL REFERENCES public.whatsapp_chats (id) ON DELETE CASCADE,
  contact_id uuid NOT NULL REFERENCES public.whatsapp_contacts (id) ON DELETE CASCADE,
  instance_id uuid NOT NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('member', 'admin', 'superadmin')),
  PRIMARY KEY (chat_id, contact_id)
);
CREATE INDEX whatsapp_group_members_contact ON public.whatsapp_group_members (contact_id);
CREATE INDEX whatsapp_group_members_instance ON public.whatsapp_group_members (instance_id);
COMMENT ON TABLE public.whatsapp_group_members IS 'Who is in which group.';

ALTER TABLE public.whatsapp_messages
  ADD COLUMN quoted_text text NULL,
  ADD COLUMN details jsonb NULL,
  ADD COLUMN edited_at timestamptz NULL,
  ADD COLUMN target_wa_id text NULL;
COMMENT ON COLUMN public.whatsapp_messages.text IS 'What was written, or the caption. NUL is kept as ␀ (U+2400), half a surrogate pair as U+FFFD.';
COMMENT ON COLUMN public.whatsapp_messages.quoted_text IS 'The beginning of what it answers, as the sender quoted it; NULL when that has no text (details.quoted says what it is).';
COMMENT ON COLUMN public.whatsapp_messages.details IS 'What else there is to show of this kind: place, contact cards, poll, reaction, file … Never keys.';
COMMENT ON COLUMN public.whatsapp_messages.edited_at IS 'When its text was last changed by its sender.';
COMMENT ON COLUMN public.whatsapp_messages.target_wa_id IS 'WhatsApp''s id of the message of the same chat that this one is about (a reaction, an edit, a deletion, a vote). Leave such rows out where a chat is shown.';
COMMENT ON COLUMN public.whatsapp_messages.is_history IS 'It came with the history of the phone, not live: no event told of it.';

CREATE INDEX whatsapp_messages_target ON public.whatsapp_messages (chat_id, target_wa_id) WHERE target_wa_id IS NOT NULL;
-- Search: the stems of text and quoted text, Portuguese and English, without accents, -ões as -ão; and the instance, so
-- that each is searched as if it were alone. It is written out, not a function: whoever may write a row past Recado would
-- need the right to call it. store/plain_text.py has the same expression.
CREATE INDEX whatsapp_messages_search ON public.whatsapp_messages USING gin ((strip(
  to_tsvector('portuguese', replace(replace(translate(lower(left(coalesce(text, '') || ' ' || coalesce(quoted_text, ''),
    10000)), 'áàâãäåéèêëíìîïóòôõöúùûüçñ', 'aaaaaaeeeeiiiiooooouuuucn'), 'oes', 'ao'), 'aes', 'ao'))
  || to_tsvector('english', replace(replace(translate(lower(left(coalesce(text, '') || ' ' || coalesce(quoted_text, ''),
    10000)), 'áàâãäåéèêëíìîïóòôõöúùûüçñ', 'aaaaaaeeeeiiiiooooouuuucn'), 'oes', 'ao'), 'aes', 'ao'))
  || array_to_tsvector(ARRAY[instance_id::text])))) WHERE target_wa_id IS NULL;
-- A status moves on several times: room for that in the same block spares every index a new entry.
ALTER TABLE public.whatsapp_messages SET (fillfactor = 90);

ALTER TABLE public.whatsapp_media
  ADD COLUMN instance_id uuid NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  ADD COLUMN seconds integer NULL,
  ADD COLUMN width integer NULL,
  ADD COLUMN height integer NULL,
  ADD COLUMN thumbnail text NULL;
CREATE INDEX whatsapp_media_instance ON public.whatsapp_media (instance_id);
COMMENT ON COLUMN public.whatsapp_media.thumbnail IS 'A small picture of it as a data URL; it travels inside the message.';

-- A piece of history that the phone has offered. notification holds the key to it; NULL when it is over. sync is the
-- piece that the same offer began with (NULL for what somebody asked for); ended_at is when the phone was told.
CREATE TABLE recado.history_pieces (
  id uuid PRIMARY KEY,
  instance_id uuid NOT NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  digest bytea NOT NULL,
  wa_id text NULL,
  notification bytea NULL,
  sync_type text NOT NULL,
  chunk_order integer NOT NULL,
  progress smallint NOT NULL,
  request text NULL,
  sync uuid NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'stored', 'done', 'lost')),
  attempts integer NOT NULL DEFAULT 0,
  next_at timestamptz NULL,
  error text NULL,
  conversations integer NOT NULL DEFAULT 0,
  messages integer NOT NULL DEFAULT 0,
  added integer NOT NULL DEFAULT 0,
  skipped integer NOT NULL DEFAULT 0,
  offered_at timestamptz NOT NULL,
  ended_at timestamptz NULL,
  UNIQUE (instance_id, digest)
);
CREATE INDEX history_pieces_due ON recado.history_pieces (instance_id, id) WHERE ended_at IS NULL;

-- Older messages of one chat, asked of the phone, which may never answer.
CREATE TABLE recado.history_requests (
  id uuid PRIMARY KEY,
  instance_id uuid NOT NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  chat_id uuid NOT NULL REFERENCES public.whatsapp_chats (id) ON DELETE CASCADE,
  request text NULL,
  count integer NOT NULL,
  state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'answered', 'timeout', 'failed')),
  messages integer NULL,
  error text NULL,
  asked_at timestamptz NOT NULL,
  until timestamptz NOT NULL,
  ended_at timestamptz NULL
);
CREATE INDEX history_requests_open ON recado.history_requests (instance_id, request) WHERE state = 'asked';
CREATE INDEX history_requests_chat ON recado.history_requests (chat_id);

-- How far each collection of app state is known. version NULL: fetch it from the start.
CREATE TABLE recado.app_state (
  instance_id uuid NOT NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  collection text NOT NULL,
  version bigint NULL,
  pass bigint NOT NULL DEFAULT 0,
  full_at timestamptz NULL,
  error text NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (instance_id, collection)
);

-- Every entry of app state as it stands. pass is the fetch that last named it: after a full one, older ones are gone.
-- subject is the JID of whom or what it speaks, for the kinds that change a row of ours.
CREATE TABLE recado.app_state_items (
  instance_id uuid NOT NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  collection text NOT NULL,
  index text NOT NULL,
  subject text NULL,
  value jsonb NOT NULL,
  pass bigint NOT NULL,
  PRIMARY KEY (instance_id, collection, index)
);
CREATE INDEX app_state_items_subject ON recado.app_state_items (instance_id, subject) WHERE subject IS NOT NULL;

-- When the list of all groups was last read.
CREATE TABLE recado.group_lists (
  instance_id uuid PRIMARY KEY REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  listed_at timestamptz NOT NULL
);

-- The picture of a contact or chat (subject). image NULL: there is none, or it is hidden (why).
CREATE TABLE recado.pictures (
  subject uuid PRIMARY KEY,
  instance_id uuid NOT NULL REFERENCES public.whatsapp_instances (id) ON DELETE CASCADE,
  picture_id text NULL,
  mime_type text NULL,
  image bytea NULL,
  why text NULL CHECK (why IN ('none', 'hidden')),
  fetched_at timestamptz NOT NULL,
  CHECK ((image IS NULL) = (why IS NOT NULL))
);
CREATE INDEX pictures_instance ON recado.pictures (instance_id);

DO $$
DECLARE
  other text;
BEGIN
  ALTER TABLE public.whatsapp_group_members ENABLE ROW LEVEL SECURITY;
  FOR other IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated', 'service_role') LOOP
    EXECUTE format('REVOKE ALL ON public.whatsapp_group_members FROM %I', other);
  END LOOP;
  IF to_regrole('service_role') IS NOT NULL THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON public.whatsapp_group_members TO service_role;
  END IF;
  IF to_regrole('authenticated') IS NOT NULL THEN
    GRANT SELECT ON public.whatsapp_group_members TO authenticated;
  END IF;
  IF EXISTS (SELECT FROM pg_publication WHERE pubname = 'supabase_realtime' AND NOT puballtables) THEN
    ALTER PUBLICATION supabase_realtime ADD TABLE public.whatsapp_group_members;
  END IF;
END $$;

SELECT recado.seal('recado');
