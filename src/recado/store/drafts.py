"""Messages that were accepted for sending, many at once: rows, queue, idempotency keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from recado.domain.chats import Chat
from recado.domain.messages import Message
from recado.domain.pacing import OPEN_FOR
from recado.domain.sending import Draft, Lane

from .database import Tx
from .recordset import recordset

KEYS_KEPT: Final = timedelta(hours=24)
_INSERT = """
WITH draft AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%(drafts)s::json) AS t (n integer, id uuid, instance_id uuid, chat_id uuid,
    wa_id text, kind text, text text, quoted_wa_id text,
    quoted_text text, details json, content json, recipient text, at timestamptz, key text,
    request_hash text, send_at timestamptz, expires_at timestamptz)
), lanes AS MATERIALIZED (
  SELECT h.id AS chat_id, CASE WHEN h.kind <> 'person' OR theirs.at > %(open_since)s THEN 'open'
    WHEN theirs.at IS NOT NULL THEN 'known' ELSE 'new' END AS lane
  FROM public.whatsapp_chats h LEFT JOIN LATERAL (
    SELECT m.sent_at AS at FROM public.whatsapp_messages m WHERE m.chat_id = h.id AND NOT m.from_me
    ORDER BY m.sent_at DESC LIMIT 1
  ) theirs ON true
  WHERE h.id IN (SELECT chat_id FROM draft)
), moved AS (
  UPDATE recado.send_queue q SET lane = lanes.lane FROM lanes WHERE q.chat_id = lanes.chat_id AND q.lane <> lanes.lane
), written AS (
  INSERT INTO public.whatsapp_messages (id, instance_id, chat_id, from_me, wa_id, kind, text, quoted_wa_id, quoted_text,
    details, sent_at, tiebreak, status, status_at)
  SELECT d.id, d.instance_id, d.chat_id, true, d.wa_id, d.kind, d.text, d.quoted_wa_id, d.quoted_text, d.details::jsonb,
    greatest(h.last_message_at, date_trunc('second', coalesce(d.send_at, d.at))), nextval('recado.message_order'),
    'queued', d.at
  FROM (SELECT * FROM draft ORDER BY n) d JOIN public.whatsapp_chats h ON h.id = d.chat_id
  RETURNING id, chat_id, sent_at, tiebreak
), raw AS (
  INSERT INTO recado.message_raw (message_id, content) SELECT id, content::jsonb FROM draft
), step AS (
  INSERT INTO public.whatsapp_message_status (message_id, status, at) SELECT id, 'queued', at FROM draft
), queue AS (
  INSERT INTO recado.send_queue (message_id, instance_id, chat_id, recipient, content, created_at, lane, send_at,
    expires_at)
  SELECT id, instance_id, chat_id, recipient, content::jsonb, at, lane, send_at, expires_at
  FROM draft JOIN lanes USING (chat_id) ORDER BY n
), keys AS (
  INSERT INTO recado.idempotency_keys (instance_id, key, request_hash, message_id, created_at)
  SELECT instance_id, key, decode(request_hash, 'hex'), id, at FROM draft WHERE key IS NOT NULL
), touched AS (
  UPDATE public.whatsapp_chats h
  SET last_message_id = last.id, last_message_at = last.sent_at, last_tiebreak = last.tiebreak, updated_at = now()
  FROM (SELECT DISTINCT ON (w.chat_id) w.* FROM written w JOIN draft USING (id) WHERE draft.send_at IS NULL
    ORDER BY w.chat_id, w.tiebreak DESC) last
  WHERE h.id = last.chat_id
)
SELECT id, sent_at, tiebreak, lane FROM written JOIN lanes USING (chat_id)
"""
_KEYS = """
WITH old AS (
  DELETE FROM recado.idempotency_keys k USING json_to_recordset(%(keys)s::json) AS t (instance_id uuid, key text)
  WHERE k.instance_id = t.instance_id AND k.key = t.key AND k.created_at <= %(since)s
)
SELECT k.instance_id, k.key, k.request_hash, k.message_id
FROM json_to_recordset(%(keys)s::json) AS t (instance_id uuid, key text)
JOIN recado.idempotency_keys k ON k.instance_id = t.instance_id AND k.key = t.key
WHERE k.created_at > %(since)s
"""
_FORGET_KEYS = "DELETE FROM recado.idempotency_keys WHERE created_at <= %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """An idempotency key that was used before: by which request, for which message."""

    request_hash: bytes
    message_id: UUID


async def insert(tx: Tx, drafts: Sequence[tuple[Draft, Chat]], now: datetime) -> list[tuple[Message, Lane]]:
    """Write them, `queued`, each as the last of its chat, and queue them in this order, in their chat's lane.

    One with an appointment stands at its time, and is not yet the chat's last. The caller holds the instances' locks.
    Raises psycopg's UniqueViolation for a key that is used.
    """
    rows = recordset(
        {
            "n": n,
            "id": draft.id,
            "instance_id": draft.instance_id,
            "chat_id": chat.id,
            "wa_id": draft.wa_id,
            "kind": draft.kind,
            "text": draft.text,
            "quoted_wa_id": draft.quoted.wa_id if draft.quoted else None,
            "quoted_text": draft.quoted.beginning if draft.quoted else None,
            "details": draft.quoted.details if draft.quoted else None,
            "content": draft.content,
            "recipient": draft.recipient.wire,
            "at": draft.at,
            "key": draft.key,
            "request_hash": draft.request_hash.hex(),
            "send_at": draft.timing.send_at,
            "expires_at": draft.timing.expires_at,
        }
        for n, (draft, chat) in enumerate(drafts)
    )
    cursor = await tx.execute(_INSERT, {"drafts": rows, "open_since": now - OPEN_FOR})
    places = {id: place for id, *place in await cursor.fetchall()}
    return [(_message(draft, chat, *places[draft.id][:2]), places[draft.id][2]) for draft, chat in drafts]


def _message(draft: Draft, chat: Chat, sent_at: datetime, tiebreak: int) -> Message:
    return Message(
        id=draft.id,
        instance_id=draft.instance_id,
        wa_id=draft.wa_id,
        chat=chat,
        sender=None,
        from_me=True,
        kind=draft.kind,
        text=draft.text,
        quoted_wa_id=draft.quoted.wa_id if draft.quoted else None,
        quoted_text=draft.quoted.beginning if draft.quoted else None,
        details=draft.quoted.details if draft.quoted else None,
        sent_at=sent_at,
        tiebreak=tiebreak,
        status="queued",
        status_at=draft.at,
    )


async def used_keys(tx: Tx, keys: Sequence[tuple[UUID, str]], now: datetime) -> dict[tuple[UUID, str], Used]:
    """Those of the instances' keys that were used within `KEYS_KEPT`; older ones are forgotten."""
    rows = recordset({"instance_id": instance_id, "key": key} for instance_id, key in keys)
    cursor = await tx.execute(_KEYS, {"keys": rows, "since": now - KEYS_KEPT})
    return {
        (instance_id, key): Used(request_hash=request_hash, message_id=message_id)
        for instance_id, key, request_hash, message_id in await cursor.fetchall()
    }


async def forget_keys(tx: Tx, now: datetime) -> int:
    """Forget the keys that nobody can rely on any more; how many there were."""
    return (await tx.execute(_FORGET_KEYS, [now - KEYS_KEPT])).rowcount
