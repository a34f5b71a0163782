"""Messages that were accepted for sending, many at once: rows, queue, idempotency keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from recado.domain.chats import Chat
from recado.domain.messages import Message
from recado.domain.sending import Draft

from .database import Tx
from .recordset import recordset

_INSERT = """
WITH draft AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%s::json) AS t (n integer, id uuid, instance_id uuid, chat_id uuid, wa_id text,
    kind text, text text, quoted_wa_id text, content json, recipient text, at timestamptz, key text, request_hash text)
), written AS (
  INSERT INTO public.whatsapp_messages (id, instance_id, chat_id, from_me, wa_id, kind, text, quoted_wa_id, sent_at,
    tiebreak, status, status_at)
  SELECT d.id, d.instance_id, d.chat_id, true, d.wa_id, d.kind, d.text, d.quoted_wa_id,
    greatest(h.last_message_at, date_trunc('second', d.at)), nextval('recado.message_order'), 'queued', d.at
  FROM (SELECT * FROM draft ORDER BY n) d JOIN public.whatsapp_chats h ON h.id = d.chat_id
  RETURNING id, chat_id, sent_at, tiebreak
), raw AS (
  INSERT INTO recado.message_raw (message_id, content) SELECT id, content::jsonb FROM draft
), step AS (
  INSERT INTO public.whatsapp_message_status (message_id, status, at) SELECT id, 'queued', at FROM draft
), queue AS (
  INSERT INTO recado.send_queue (message_id, instance_id, chat_id, recipient, content, created_at)
  SELECT id, instance_id, chat_id, recipient, content::jsonb, at FROM draft ORDER BY n
), keys AS (
  INSERT INTO recado.idempotency_keys (instance_id, key, request_hash, message_id, created_at)
  SELECT instance_id, key, decode(request_hash, 'hex'), id, at FROM draft WHERE key IS NOT NULL
), touched AS (
  UPDATE public.whatsapp_chats h
  SET last_message_id = last.id, last_message_at = last.sent_at, last_tiebreak = last.tiebreak, updated_at = now()
  FROM (SELECT DISTINCT ON (chat_id) * FROM written ORDER BY chat_id, tiebreak DESC) last
  WHERE h.id = last.chat_id
)
SELECT id, sent_at, tiebreak FROM written
"""
_KEYS = """
SELECT k.instance_id, k.key, k.request_hash, k.message_id
FROM json_to_recordset(%s::json) AS t (instance_id uuid, key text)
JOIN recado.idempotency_keys k ON k.instance_id = t.instance_id AND k.key = t.key
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """An idempotency key that was used before: by which request, for which message."""

    request_hash: bytes
    message_id: UUID


async def insert(tx: Tx, drafts: Sequence[tuple[Draft, Chat]]) -> list[Message]:
    """Write them, `queued`, each as the last of its chat, and queue them in this order.

    The caller holds the instances' locks. Raises psycopg's UniqueViolation for a key that is used.
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
            "quoted_wa_id": draft.quoted_wa_id,
            "content": draft.content,
            "recipient": draft.recipient.wire,
            "at": draft.at,
            "key": draft.key,
            "request_hash": draft.request_hash.hex(),
        }
        for n, (draft, chat) in enumerate(drafts)
    )
    cursor = await tx.execute(_INSERT, [rows])
    places = {id: (sent_at, tiebreak) for id, sent_at, tiebreak in await cursor.fetchall()}
    return [
        Message(
            id=draft.id,
            instance_id=draft.instance_id,
            wa_id=draft.wa_id,
            chat=chat,
            sender=None,
            from_me=True,
            kind=draft.kind,
            text=draft.text,
            quoted_wa_id=draft.quoted_wa_id,
            sent_at=places[draft.id][0],
            tiebreak=places[draft.id][1],
            status="queued",
            status_at=draft.at,
        )
        for draft, chat in drafts
    ]


async def used_keys(tx: Tx, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], Used]:
    """Those of the instances' keys that were used before."""
    rows = recordset({"instance_id": instance_id, "key": key} for instance_id, key in keys)
    cursor = await tx.execute(_KEYS, [rows])
    return {
        (instance_id, key): Used(request_hash=request_hash, message_id=message_id)
        for instance_id, key, request_hash, message_id in await cursor.fetchall()
    }
