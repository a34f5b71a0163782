-- Lists of chats, of one instance or of all: the pinned ones, then the last used first, each page read from an index.
DROP INDEX public.whatsapp_chats_order;
CREATE INDEX whatsapp_chats_order ON public.whatsapp_chats (instance_id,
  (coalesce(last_message_at, '-infinity'::timestamptz)) DESC, last_tiebreak DESC, id DESC);
CREATE INDEX whatsapp_chats_recent ON public.whatsapp_chats (
  (coalesce(last_message_at, '-infinity'::timestamptz)) DESC, last_tiebreak DESC, id DESC) WHERE merged_into IS NULL;
CREATE INDEX whatsapp_chats_pinned ON public.whatsapp_chats (
  (coalesce(last_message_at, '-infinity'::timestamptz)) DESC, last_tiebreak DESC, id DESC)
  WHERE pinned_at IS NOT NULL AND merged_into IS NULL;
