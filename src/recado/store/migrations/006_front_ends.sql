-- For front ends: what rows say that Recado has not made, and a comment on everything that PostgREST shows.

-- Whoever writes a row past Recado, and the old back end did, is told by it what comes next.
ALTER TABLE public.whatsapp_instances
  ALTER COLUMN reason SET DEFAULT 'needs_pairing',
  ALTER COLUMN user_action SET DEFAULT 'pair_again';
UPDATE public.whatsapp_instances i
  SET status = 'disconnected', qr_code = NULL, reason = 'needs_pairing', user_action = 'pair_again'
  WHERE i.state = 'stopped' AND i.reason IS NULL AND i.checked_at IS NULL
    AND NOT EXISTS (SELECT FROM recado.timeline t WHERE t.instance_id = i.id);
-- An old whatsapp_sessions follows its instances too; rows of instances that are gone stay.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'public.whatsapp_sessions'::regclass
    AND confrelid = 'public.whatsapp_instances'::regclass) THEN
    ALTER TABLE public.whatsapp_sessions ADD FOREIGN KEY (instance_name) REFERENCES public.whatsapp_instances (instance_name)
      ON UPDATE CASCADE ON DELETE CASCADE NOT VALID;
  END IF;
END $$;

-- It has no primary key, and what Realtime publishes cannot be deleted without a replica identity.
ALTER TABLE public.whatsapp_message_status REPLICA IDENTITY FULL;

COMMENT ON COLUMN public.whatsapp_instances.id IS 'Ours; it never changes.';
COMMENT ON COLUMN public.whatsapp_instances.instance_name IS 'What people and programs call it.';
COMMENT ON COLUMN public.whatsapp_instances.phone_number IS 'In digits, with country code; NULL until a phone is linked.';
COMMENT ON COLUMN public.whatsapp_instances.webhook_url IS 'Gets every event of this instance; whoever writes it here is heard within seconds.';
COMMENT ON COLUMN public.whatsapp_instances.created_at IS 'When it was created.';
COMMENT ON COLUMN public.whatsapp_instances.updated_at IS 'When the row last changed.';
COMMENT ON COLUMN public.whatsapp_instances.engine IS 'Which engine speaks to WhatsApp for it.';
COMMENT ON COLUMN public.whatsapp_instances.wanted_at IS 'When that was asked for. A final state is left only for a newer wish.';
COMMENT ON COLUMN public.whatsapp_instances.user_action IS 'A code for what somebody has to do now; NULL: nothing.';
COMMENT ON COLUMN public.whatsapp_instances.attempt IS 'Which attempt to connect is made or waited for; 0 in every other state.';
COMMENT ON COLUMN public.whatsapp_instances.next_at IS 'When the next attempt to connect is made.';
COMMENT ON COLUMN public.whatsapp_instances.deadline IS 'When the state ends by itself.';
COMMENT ON COLUMN public.whatsapp_instances.since IS 'Since when it is in this state.';
COMMENT ON COLUMN public.whatsapp_instances.last_activity_at IS 'When a message last went in or out; written at most every 10 s.';
COMMENT ON COLUMN public.whatsapp_instances.lid IS 'The numbers own LID, WhatsApps id that does not show the number.';
COMMENT ON COLUMN public.whatsapp_instances.push_name IS 'The name that the linked phone goes by.';
COMMENT ON COLUMN public.whatsapp_instances.platform IS 'What the linked phone is, as it says.';

COMMENT ON COLUMN public.whatsapp_sessions.instance_name IS 'Whose session it is.';
COMMENT ON COLUMN public.whatsapp_sessions.phone_number IS 'In digits, with country code.';
COMMENT ON COLUMN public.whatsapp_sessions.session_data IS 'Who is linked: phone number, LID, name, platform.';
COMMENT ON COLUMN public.whatsapp_sessions.last_activity IS 'When it last became ready.';

COMMENT ON COLUMN public.whatsapp_contacts.id IS 'Ours; it never changes, also when phone number or LID do.';
COMMENT ON COLUMN public.whatsapp_contacts.instance_id IS 'Whose contact it is.';
COMMENT ON COLUMN public.whatsapp_contacts.phone_number IS 'In digits, with country code; NULL while it is not known.';
COMMENT ON COLUMN public.whatsapp_contacts.lid IS 'WhatsApps id of the person that does not show the number; NULL while it is not known.';
COMMENT ON COLUMN public.whatsapp_contacts.business_name IS 'The verified name of a business.';
COMMENT ON COLUMN public.whatsapp_contacts.merged_into IS 'The row that this person goes on in; NULL on the one that counts.';
COMMENT ON COLUMN public.whatsapp_contacts.created_at IS 'When Recado first heard of the person.';
COMMENT ON COLUMN public.whatsapp_contacts.updated_at IS 'When the row last changed.';
COMMENT ON COLUMN public.whatsapp_contacts.first_name IS 'The first name, as the phones address book has it.';
COMMENT ON COLUMN public.whatsapp_contacts.picture_id IS 'Changes when the picture does.';

COMMENT ON COLUMN public.whatsapp_chats.id IS 'Ours; it never changes.';
COMMENT ON COLUMN public.whatsapp_chats.instance_id IS 'Whose chat it is.';
COMMENT ON COLUMN public.whatsapp_chats.kind IS 'person, group, status, broadcast, newsletter or other.';
COMMENT ON COLUMN public.whatsapp_chats.contact_id IS 'The person; NULL for all that is no chat with one.';
COMMENT ON COLUMN public.whatsapp_chats.jid IS 'WhatsApps address of it; NULL for a chat with a person.';
COMMENT ON COLUMN public.whatsapp_chats.unread_count IS 'Messages that nobody has read.';
COMMENT ON COLUMN public.whatsapp_chats.last_message_id IS 'The message that it shows in a list.';
COMMENT ON COLUMN public.whatsapp_chats.last_message_at IS 'When that one was sent; lists are in its order.';
COMMENT ON COLUMN public.whatsapp_chats.last_tiebreak IS 'Settles the order of messages of one second.';
COMMENT ON COLUMN public.whatsapp_chats.is_archived IS 'Whether it is in the archive.';
COMMENT ON COLUMN public.whatsapp_chats.pinned_at IS 'Since when it is pinned to the top; NULL: it is not.';
COMMENT ON COLUMN public.whatsapp_chats.merged_into IS 'The chat that this one goes on in; NULL on the one that counts.';
COMMENT ON COLUMN public.whatsapp_chats.created_at IS 'When Recado first heard of it.';
COMMENT ON COLUMN public.whatsapp_chats.updated_at IS 'When the row last changed.';
COMMENT ON COLUMN public.whatsapp_chats.description IS 'A groups description.';
COMMENT ON COLUMN public.whatsapp_chats.owner_id IS 'Who made the group. Whose row it is says instance_id.';
COMMENT ON COLUMN public.whatsapp_chats.is_announce IS 'Whether only admins may write in the group.';
COMMENT ON COLUMN public.whatsapp_chats.is_locked IS 'Whether only admins may change the groups subject, picture and description.';
COMMENT ON COLUMN public.whatsapp_chats.ephemeral_seconds IS 'After how long messages disappear; 0: never.';
COMMENT ON COLUMN public.whatsapp_chats.is_marked_unread IS 'Whether somebody has marked it as unread.';
COMMENT ON COLUMN public.whatsapp_chats.picture_url IS 'Where WhatsApp keeps the picture; such an address ends after some days.';
COMMENT ON COLUMN public.whatsapp_chats.picture_id IS 'Changes when the picture does.';
COMMENT ON COLUMN public.whatsapp_chats.picture_at IS 'When the picture was last asked for.';

COMMENT ON COLUMN public.whatsapp_group_members.chat_id IS 'The group.';
COMMENT ON COLUMN public.whatsapp_group_members.contact_id IS 'The member.';
COMMENT ON COLUMN public.whatsapp_group_members.instance_id IS 'Whose view of the group it is.';
COMMENT ON COLUMN public.whatsapp_group_members.role IS 'member, admin or superadmin.';

COMMENT ON COLUMN public.whatsapp_messages.id IS 'Ours; it never changes.';
COMMENT ON COLUMN public.whatsapp_messages.instance_id IS 'Whose message it is.';
COMMENT ON COLUMN public.whatsapp_messages.chat_id IS 'Where it stands; inside a chat the order is sent_at, tiebreak.';
COMMENT ON COLUMN public.whatsapp_messages.sender_id IS 'Who sent it; NULL for your own and for what nobody in person has sent.';
COMMENT ON COLUMN public.whatsapp_messages.from_me IS 'Whether it is yours, from here or from the phone.';
COMMENT ON COLUMN public.whatsapp_messages.variant IS 'Tells apart different messages that carry one wa_id; nearly always 0.';
COMMENT ON COLUMN public.whatsapp_messages.quoted_wa_id IS 'WhatsApps id of the message that it answers.';
COMMENT ON COLUMN public.whatsapp_messages.sent_at IS 'When it was sent, to the second.';
COMMENT ON COLUMN public.whatsapp_messages.tiebreak IS 'Settles the order of messages of one second.';
COMMENT ON COLUMN public.whatsapp_messages.status IS 'received; or queued, sending, sent, delivered, read, played, failed, cancelled: it only moves forward.';
COMMENT ON COLUMN public.whatsapp_messages.status_at IS 'Since when it has that status.';
COMMENT ON COLUMN public.whatsapp_messages.error_code IS 'Why it failed, as a code.';
COMMENT ON COLUMN public.whatsapp_messages.error_detail IS 'Why it failed, in words.';
COMMENT ON COLUMN public.whatsapp_messages.created_at IS 'When Recado wrote it down.';

COMMENT ON COLUMN public.whatsapp_message_status.message_id IS 'The message.';
COMMENT ON COLUMN public.whatsapp_message_status.status IS 'The step: sent, delivered, read, played, failed …';
COMMENT ON COLUMN public.whatsapp_message_status.contact_id IS 'Whose device said so; NULL for WhatsApp itself.';
COMMENT ON COLUMN public.whatsapp_message_status.at IS 'When.';

COMMENT ON COLUMN public.whatsapp_media.message_id IS 'The message that it belongs to.';
COMMENT ON COLUMN public.whatsapp_media.kind IS 'image, video, audio, document, sticker …';
COMMENT ON COLUMN public.whatsapp_media.mime_type IS 'What the sender says that it is.';
COMMENT ON COLUMN public.whatsapp_media.file_name IS 'As the sender named it; never a path to write to.';
COMMENT ON COLUMN public.whatsapp_media.size_bytes IS 'How large the file is.';
COMMENT ON COLUMN public.whatsapp_media.sha256 IS 'Of the file, in hex.';
COMMENT ON COLUMN public.whatsapp_media.state IS 'remote until it is fetched.';
COMMENT ON COLUMN public.whatsapp_media.path IS 'Where the file is kept here; NULL while it is not.';
COMMENT ON COLUMN public.whatsapp_media.created_at IS 'When Recado wrote it down.';
COMMENT ON COLUMN public.whatsapp_media.instance_id IS 'Whose message it belongs to.';
COMMENT ON COLUMN public.whatsapp_media.seconds IS 'How long it plays.';
COMMENT ON COLUMN public.whatsapp_media.width IS 'In pixels.';
COMMENT ON COLUMN public.whatsapp_media.height IS 'In pixels.';
