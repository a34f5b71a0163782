"""Edits and deletions: what becomes of the messages that they are about, in whichever order the two have come."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from .database import Tx
from .recordset import recordset

# Only the sender changes a message; a group's admin, and this number itself, may take back what others have sent there.
_SETTLE = """
WITH wanted AS MATERIALIZED (
  SELECT DISTINCT * FROM json_to_recordset(%s::json) AS t (chat_id uuid, wa_id text)
), ruling AS (
  SELECT DISTINCT ON (m.id) m.id, c.id AS change_id, c.details->>'change' AS change, c.text, c.sent_at,
    c.details - 'change' - 'target' AS details
  FROM wanted w
  JOIN public.whatsapp_messages m ON m.chat_id = w.chat_id AND m.wa_id = w.wa_id AND m.target_wa_id IS NULL
  JOIN public.whatsapp_messages c ON c.chat_id = w.chat_id AND c.target_wa_id = w.wa_id
    AND c.details->>'change' IN ('edit', 'delete')
  WHERE c.from_me = m.from_me AND c.sender_id IS NOT DISTINCT FROM m.sender_id
    OR c.details->>'change' = 'delete' AND (
      c.from_me AND EXISTS (SELECT FROM public.whatsapp_chats h WHERE h.id = m.chat_id AND h.kind = 'group')
      OR EXISTS (SELECT FROM public.whatsapp_group_members g
        WHERE g.chat_id = m.chat_id AND g.contact_id = c.sender_id AND g.role IN ('admin', 'superadmin')))
  ORDER BY m.id, c.details->>'change' = 'delete' DESC, c.sent_at DESC, c.tiebreak DESC
), changed AS (
  UPDATE public.whatsapp_messages m
  SET text = CASE r.change WHEN 'edit' THEN r.text END, edited_at = r.sent_at,
    quoted_text = CASE r.change WHEN 'edit' THEN m.quoted_text END,
    details = CASE r.change WHEN 'edit' THEN nullif(coalesce(m.details, '{}') || r.details, '{}')
      ELSE '{"deleted": true}' END
  FROM ruling r
  WHERE m.id = r.id AND CASE r.change WHEN 'edit' THEN (m.edited_at, m.text) IS DISTINCT FROM (r.sent_at, r.text)
    ELSE NOT coalesce(m.details ? 'deleted', false) END
  RETURNING m.id, m.chat_id, m.wa_id, r.change_id, r.change
), forgotten AS (
  UPDATE public.whatsapp_messages e SET text = NULL, quoted_text = NULL,
    details = jsonb_build_object('change', 'edit', 'target', e.details->'target')
  FROM changed c
  WHERE c.change = 'delete' AND e.chat_id = c.chat_id AND e.target_wa_id = c.wa_id AND e.details->>'change' = 'edit'
), removed AS (
  DELETE FROM public.whatsapp_media f USING changed c WHERE c.change = 'delete' AND f.message_id = c.id
)
SELECT id, change_id FROM changed
"""
_WAITING = """
SELECT DISTINCT chat_id, target_wa_id FROM public.whatsapp_messages
WHERE (chat_id = ANY (%(chats)s) OR sender_id = ANY (%(people)s))
  AND target_wa_id IS NOT NULL AND details->>'change' IN ('edit', 'delete')
"""


async def settle(tx: Tx, targets: Iterable[tuple[UUID, str]]) -> dict[UUID, UUID]:
    """Bring the messages of these chats and ids up to date with what was said of them.

    The answer has each that has changed, with the message that changed it. The caller holds the instances' lock.
    """
    rows = recordset({"chat_id": chat_id, "wa_id": wa_id} for chat_id, wa_id in targets)
    cursor = await tx.execute(_SETTLE, [rows])
    return dict(await cursor.fetchall())


async def settle_united(tx: Tx, *, chats: Iterable[UUID], people: Iterable[UUID]) -> None:
    """The same for all that was said in these chats, or by these people, which have just been united."""
    cursor = await tx.execute(_WAITING, {"chats": list(chats), "people": list(people)})
    waiting = await cursor.fetchall()
    if waiting:
        await settle(tx, waiting)
