"""Older messages of a chat that were asked of the phone: who waits for what, until when, and what has come of it."""

from __future__ import annotations

from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from recado.domain.history import OlderMessages
from recado.domain.sync import OldestKnown

from .database import Tx
from .rows import execute, fetch_all, fetch_one, fetch_value, fetch_values

_COLUMNS: Final[LiteralString] = "id, chat_id, count, state, messages, error, asked_at, until, ended_at"
_OLDEST: Final[LiteralString] = """
SELECT coalesce(h.jid, c.lid, c.phone_number || '@s.whatsapp.net') AS chat, m.wa_id, m.from_me, m.sent_at AS at
FROM public.whatsapp_chats h LEFT JOIN public.whatsapp_contacts c ON c.id = h.contact_id
CROSS JOIN LATERAL (
  SELECT wa_id, from_me, sent_at FROM public.whatsapp_messages
  WHERE chat_id = h.id AND target_wa_id IS NULL AND status NOT IN ('queued', 'sending', 'failed', 'cancelled')
  ORDER BY sent_at, tiebreak LIMIT 1
) m
WHERE h.id = %s
"""
_HAS_OLDER: Final[LiteralString] = "SELECT has_older FROM public.whatsapp_chats WHERE id = %s"
_OPEN: Final[LiteralString] = f"""
SELECT {_COLUMNS} FROM recado.history_requests
WHERE instance_id = %s AND chat_id = %s AND state = 'asked' ORDER BY id DESC LIMIT 1
"""
_ADD: Final[LiteralString] = f"""
INSERT INTO recado.history_requests (id, instance_id, chat_id, count, asked_at, until)
VALUES (%(id)s, %(instance_id)s, %(chat_id)s, %(count)s, %(now)s, %(until)s)
RETURNING {_COLUMNS}
"""
_NAME: Final[LiteralString] = "UPDATE recado.history_requests SET request = %s WHERE id = %s"
_FAIL: Final[LiteralString] = """
UPDATE recado.history_requests SET state = 'failed', error = %s, ended_at = %s WHERE id = %s
"""
_ANSWER: Final[LiteralString] = """
UPDATE recado.history_requests r
SET state = CASE p.state WHEN 'lost' THEN 'failed' ELSE 'answered' END, messages = p.added, error = p.error,
  ended_at = %(now)s
FROM recado.history_pieces p
WHERE r.instance_id = %(instance_id)s AND r.request = %(request)s AND r.state IN ('asked', 'timeout')
  AND p.instance_id = r.instance_id AND p.request = r.request AND p.state <> 'waiting'
RETURNING r.id
"""
_EXPIRE: Final[LiteralString] = """
UPDATE recado.history_requests SET state = 'timeout', ended_at = %(now)s
WHERE state = 'asked' AND until <= %(now)s
RETURNING id
"""
_NEXT_UNTIL: Final[LiteralString] = "SELECT min(until) FROM recado.history_requests WHERE state = 'asked'"
_GET: Final[LiteralString] = f"SELECT {_COLUMNS} FROM recado.history_requests WHERE id = %s"
_LIST: Final[LiteralString] = f"""
SELECT {_COLUMNS} FROM recado.history_requests WHERE chat_id = %s ORDER BY id DESC LIMIT %s
"""


async def oldest(tx: Tx, chat_id: UUID) -> OldestKnown | None:
    """The message before which more can be asked for; None when the chat has none that the phone knows."""
    return await fetch_one(tx, OldestKnown, _OLDEST, (chat_id,))


async def has_older(tx: Tx, chat_id: UUID) -> bool:
    """False once the phone has said that there is nothing before."""
    return bool(await fetch_value(tx, _HAS_OLDER, (chat_id,)))


async def open_one(tx: Tx, instance_id: UUID, chat_id: UUID) -> OlderMessages | None:
    """The request of this chat that has no end yet."""
    return await fetch_one(tx, OlderMessages, _OPEN, (instance_id, chat_id))


async def add(
    tx: Tx, id: UUID, instance_id: UUID, chat_id: UUID, *, count: int, now: datetime, until: datetime
) -> OlderMessages:
    params = {"id": id, "instance_id": instance_id, "chat_id": chat_id, "count": count, "now": now, "until": until}
    added = await fetch_one(tx, OlderMessages, _ADD, params)
    assert added is not None
    return added


async def name(tx: Tx, id: UUID, request: str) -> None:
    """The phone was asked under this id; call `answer` next, for the answer may have been faster."""
    await execute(tx, _NAME, (request, id))


async def fail(tx: Tx, id: UUID, error: str, now: datetime) -> None:
    """The phone could not be asked."""
    await execute(tx, _FAIL, (error, now, id))


async def answer(tx: Tx, instance_id: UUID, request: str, now: datetime) -> list[UUID]:
    """End the requests whose piece is stored or lost. The caller holds the instance's lock."""
    return await fetch_values(tx, _ANSWER, {"instance_id": instance_id, "request": request, "now": now})


async def expire(tx: Tx, now: datetime) -> list[UUID]:
    """End those whose time is up."""
    return await fetch_values(tx, _EXPIRE, {"now": now})


async def next_until(tx: Tx) -> datetime | None:
    """When the next one ends."""
    found: datetime | None = await fetch_value(tx, _NEXT_UNTIL)
    return found


async def get(tx: Tx, id: UUID) -> OlderMessages | None:
    return await fetch_one(tx, OlderMessages, _GET, (id,))


async def of_chat(tx: Tx, chat_id: UUID, limit: int) -> list[OlderMessages]:
    """The newest first."""
    return await fetch_all(tx, OlderMessages, _LIST, (chat_id, limit))
