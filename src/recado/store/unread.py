"""What is unread in a chat, and that it has been read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from recado.domain.messages import ASIDES

from .database import Tx
from .rows import execute, fetch_all

# The unread ones are the last that came in; more than are here may be counted.
_UNREAD: Final[LiteralString] = """
SELECT m.wa_id, m.sent_at, m.tiebreak, c.phone_number, c.lid
FROM public.whatsapp_chats h
JOIN LATERAL (
  SELECT wa_id, sent_at, tiebreak, sender_id FROM public.whatsapp_messages
  WHERE chat_id = h.id AND NOT from_me AND kind <> ALL (%(asides)s)
  ORDER BY sent_at DESC, tiebreak DESC LIMIT least(h.unread_count, %(limit)s)
) m ON true
LEFT JOIN public.whatsapp_contacts c ON c.id = m.sender_id
WHERE h.id = %(chat_id)s
ORDER BY m.sent_at, m.tiebreak
"""
_READ: Final[LiteralString] = """
UPDATE public.whatsapp_chats h
SET is_marked_unread = false, updated_at = now(), unread_count = CASE WHEN %(at)s::timestamptz IS NULL THEN 0
  ELSE least(h.unread_count, (SELECT count(*) FROM public.whatsapp_messages m
    WHERE m.chat_id = h.id AND NOT m.from_me AND (m.sent_at, m.tiebreak) > (%(at)s, %(tiebreak)s))) END
WHERE h.id = %(chat_id)s AND (h.unread_count > 0 OR h.is_marked_unread)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A message that nobody has read yet, and who sent it."""

    wa_id: str
    sent_at: datetime
    tiebreak: int
    phone_number: str | None
    lid: str | None


async def unread(tx: Tx, chat_id: UUID, *, limit: int) -> list[Unread]:
    """In the chat's order, the latest `limit` of them."""
    params = {"chat_id": chat_id, "limit": limit, "asides": sorted(ASIDES)}
    return await fetch_all(tx, Unread, _UNREAD, params)


async def mark_read(tx: Tx, chat_id: UUID, seen: Sequence[Unread]) -> bool:
    """All up to the last of these has been read; whether that changes the chat."""
    last = seen[-1] if seen else None
    params = {"chat_id": chat_id, "at": last.sent_at if last else None, "tiebreak": last.tiebreak if last else None}
    return await execute(tx, _READ, params) > 0
