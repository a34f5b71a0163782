"""The rows of `whatsapp_messages`, one at a time: written for sending, moved forward, read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from recado.domain.chats import Chat
from recado.domain.messages import Message, StatusStep
from recado.domain.status import predecessors

from .contacts import contact_of
from .database import Tx
from .message_rows import SHAPE, message_of

_INSERT = """
WITH chat AS (
  UPDATE public.whatsapp_chats
  SET last_message_id = %(id)s, last_tiebreak = nextval('recado.message_order'), updated_at = now(),
    last_message_at = greatest(last_message_at, date_trunc('second', %(sent_at)s::timestamptz))
  WHERE id = %(chat_id)s
  RETURNING instance_id, last_message_at, last_tiebreak
), message AS (
  INSERT INTO public.whatsapp_messages (id, instance_id, chat_id, from_me, wa_id, kind, text, quoted_wa_id, sent_at,
    tiebreak, status, status_at)
  SELECT %(id)s, instance_id, %(chat_id)s, true, %(wa_id)s, %(kind)s, %(text)s, %(quoted_wa_id)s, last_message_at,
    last_tiebreak, 'queued', %(sent_at)s
  FROM chat
  RETURNING sent_at, tiebreak
), raw AS (
  INSERT INTO recado.message_raw (message_id, content) SELECT %(id)s, %(content)s::jsonb FROM message
), step AS (
  INSERT INTO public.whatsapp_message_status (message_id, status, at)
  SELECT %(id)s, 'queued', %(sent_at)s FROM message
)
SELECT sent_at, tiebreak FROM message
"""
_ADVANCE = """
WITH moved AS (
  UPDATE public.whatsapp_messages
  SET status = %(status)s, status_at = %(at)s, error_code = %(error_code)s, error_detail = %(error_detail)s
  WHERE id = %(id)s AND status = ANY (%(earlier)s)
  RETURNING id
)
INSERT INTO public.whatsapp_message_status (message_id, status, at) SELECT id, %(status)s, %(at)s FROM moved
ON CONFLICT ON CONSTRAINT whatsapp_message_status_key DO UPDATE SET at = excluded.at
RETURNING message_id
"""
_GET = f"{SHAPE} WHERE m.instance_id = %s AND m.id = %s"
_BY_ID = f"{SHAPE} WHERE m.id = %s"
_BY_IDS = f"{SHAPE} WHERE m.id = ANY (%s)"
_BY_WA_IDS = f"{SHAPE} WHERE m.chat_id = %s AND m.wa_id = ANY (%s)"
_BY_WA_ID = f"{SHAPE} WHERE m.instance_id = %s AND m.wa_id = %s ORDER BY m.id LIMIT 1"
_HISTORY = """
SELECT t.status, t.at, s.id, s.instance_id, s.phone_number, s.lid, s.name, s.push_name, s.business_name
FROM public.whatsapp_message_status t LEFT JOIN public.whatsapp_contacts s ON s.id = t.contact_id
WHERE t.message_id = %s ORDER BY t.at, t.contact_id NULLS FIRST
"""


async def insert_outgoing(
    tx: Tx,
    *,
    id: UUID,
    chat: Chat,
    wa_id: str,
    kind: str,
    text: str | None,
    sent_at: datetime,
    quoted_wa_id: str | None = None,
    content: Mapping[str, Any] | None = None,
) -> Message:
    """A message of ours, `queued`, as the last of its chat. The caller holds the instance's lock (`find_chat_for`).

    `content` is the protojson. Raises psycopg's UniqueViolation when the chat has a message of ours with that `wa_id`.
    """
    params = {
        "id": id,
        "chat_id": chat.id,
        "wa_id": wa_id,
        "kind": kind,
        "text": text,
        "quoted_wa_id": quoted_wa_id,
        "sent_at": sent_at,
        "content": None if content is None else orjson.dumps(content).decode(),
    }
    cursor = await tx.execute(_INSERT, params)
    placed = await cursor.fetchone()
    if placed is None:
        raise LookupError(f"there is no chat {chat.id}")
    return Message(
        id=id,
        instance_id=chat.instance_id,
        wa_id=wa_id,
        chat=chat,
        sender=None,
        from_me=True,
        kind=kind,
        text=text,
        quoted_wa_id=quoted_wa_id,
        sent_at=placed[0],
        tiebreak=placed[1],
        status="queued",
        status_at=sent_at,
    )


async def advance(
    tx: Tx,
    id: UUID,
    status: str,
    at: datetime,
    *,
    error_code: str | None = None,
    error_detail: str | None = None,
) -> Message | None:
    """Move a message of ours forward, with a step in its history; None when it is as far already, or gone.

    Locks the message's row until the end of the transaction: several go in the order of their ids.
    """
    params = {
        "id": id,
        "status": status,
        "at": at,
        "earlier": predecessors(status),
        "error_code": error_code,
        "error_detail": error_detail,
    }
    cursor = await tx.execute(_ADVANCE, params)
    return await by_id(tx, id) if await cursor.fetchone() else None


async def by_id(tx: Tx, id: UUID) -> Message | None:
    """A message of any instance, without its history."""
    return await _one(tx, _BY_ID, [id])


async def by_ids(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, Message]:
    """Messages of any instances, without their histories."""
    cursor = await tx.execute(_BY_IDS, [list(ids)])
    return {message.id: message for message in map(message_of, await cursor.fetchall())}


async def by_wa_ids(tx: Tx, chat_id: UUID, wa_ids: Collection[str]) -> list[Message]:
    """Messages of one chat by WhatsApp's ids, without their histories; two senders may have used the same id."""
    cursor = await tx.execute(_BY_WA_IDS, [chat_id, list(wa_ids)])
    return [message_of(row) for row in await cursor.fetchall()]


async def get(tx: Tx, instance_id: UUID, id: UUID) -> Message | None:
    """One message, without its history."""
    return await _one(tx, _GET, [instance_id, id])


async def get_by_wa_id(tx: Tx, instance_id: UUID, wa_id: str) -> Message | None:
    """By WhatsApp's id; the oldest when several chats use the same."""
    return await _one(tx, _BY_WA_ID, [instance_id, wa_id])


async def with_history(tx: Tx, message: Message) -> Message:
    """The same with every step of its status."""
    cursor = await tx.execute(_HISTORY, [message.id])
    steps = tuple(
        StatusStep(status=status, at=at, contact=contact_of(person) if person[0] is not None else None)
        for status, at, *person in await cursor.fetchall()
    )
    return replace(message, history=steps)


async def _one(tx: Tx, query: str, params: Sequence[Any]) -> Message | None:
    cursor = await tx.execute(query, params)
    row = await cursor.fetchone()
    return message_of(row) if row else None
