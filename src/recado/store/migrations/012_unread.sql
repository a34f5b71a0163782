-- How much is unread in each instance, from an index of the chats that have something to read.
CREATE INDEX whatsapp_chats_unread ON public.whatsapp_chats (instance_id) INCLUDE (unread_count)
  WHERE merged_into IS NULL AND (unread_count > 0 OR is_marked_unread);
