"""Messages as they come in, many at once: rows, bytes, the chat's last message, gaps that they fill."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson

from recado.domain.messages import Message, is_aside
from recado.domain.texts import storable_json
from recado.domain.union import Copy, is_same_content

from .database import Tx
from .recordset import embedded, recordset

_WRITE = """
WITH incoming AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%s::json) AS t (id uuid, instance_id uuid, chat_id uuid, sender_id uuid,
    from_me boolean, wa_id text, variant smallint, kind text, text text, quoted_wa_id text, sent_at timestamptz,
    status text, bytes text, content json, trouble text, is_unread boolean, jids text[], place bigint)
), placed AS MATERIALIZED (
  SELECT *, coalesce(place, nextval('recado.message_order')) AS tiebreak FROM incoming
), written AS (
  INSERT INTO public.whatsapp_messages (id, instance_id, chat_id, sender_id, from_me, wa_id, variant, kind, text,
    quoted_wa_id, sent_at, tiebreak, status, status_at)
  SELECT id, instance_id, chat_id, sender_id, from_me, wa_id, variant, kind, text, quoted_wa_id, sent_at,
    tiebreak, status, sent_at
  FROM placed
  ON CONFLICT DO NOTHING
  RETURNING id, chat_id, sent_at, tiebreak
), raw AS (
  INSERT INTO recado.message_raw (message_id, bytes, content, trouble)
  SELECT i.id, decode(i.bytes, 'base64'), i.content::jsonb, i.trouble FROM incoming i JOIN written USING (id)
), sent AS (
  INSERT INTO public.whatsapp_message_status (message_id, status, at)
  SELECT i.id, i.status, i.sent_at FROM incoming i JOIN written USING (id) WHERE i.from_me
), filled AS (
  UPDATE recado.gaps g SET filled_by = w.id
  FROM written w JOIN incoming i USING (id) CROSS JOIN LATERAL unnest(i.jids) AS j (chat)
  WHERE g.instance_id = i.instance_id AND g.chat = j.chat AND g.wa_id = i.wa_id AND g.filled_by IS NULL
), touched AS (
  UPDATE public.whatsapp_chats h
  SET last_message_id = CASE WHEN last.tiebreak > h.last_tiebreak THEN last.id ELSE h.last_message_id END,
    last_message_at = greatest(h.last_message_at, last.sent_at),
    last_tiebreak = greatest(h.last_tiebreak, last.tiebreak),
    unread_count = h.unread_count + last.unread, updated_at = now()
  FROM (
    SELECT DISTINCT ON (w.chat_id) w.chat_id, w.id, w.sent_at, w.tiebreak,
      count(*) FILTER (WHERE i.is_unread) OVER (PARTITION BY w.chat_id) AS unread
    FROM written w JOIN incoming i USING (id) ORDER BY w.chat_id, w.tiebreak DESC
  ) last
  WHERE h.id = last.chat_id
)
SELECT p.id, p.tiebreak, EXISTS (SELECT FROM written w WHERE w.id = p.id) FROM placed p
"""
_HOLDERS = """
SELECT m.id, m.chat_id, m.wa_id, m.sender_id, m.kind, m.text, r.bytes, m.variant, m.status
FROM json_to_recordset(%s::json) AS t (chat_id uuid, wa_id text, sender_id uuid)
JOIN public.whatsapp_messages m
  ON m.chat_id = t.chat_id AND m.wa_id = t.wa_id AND m.sender_id IS NOT DISTINCT FROM t.sender_id
LEFT JOIN recado.message_raw r ON r.message_id = m.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message with what is kept beside it. `jids` are all names of its chat, under which a gap may be noted."""

    message: Message
    raw: bytes
    content: dict[str, Any] | None
    trouble: str | None
    jids: Sequence[str]
    variant: int = 0
    place: int | None = None


async def write(tx: Tx, received: Sequence[Received]) -> list[Message]:
    """Write what is not there yet and return it, in order, with its place in the chat.

    One that has the id of another but not its content is kept beside it as a variant. The caller holds the lock.
    """
    places = await _insert(tx, received)
    strays = [replace(one, place=places[one.message.id][0]) for one in received if not places[one.message.id][1]]
    if strays:
        different = await _variants(tx, strays)
        places |= await _insert(tx, different) if different else {}
    return [
        replace(one.message, tiebreak=tiebreak)
        for one in received
        for tiebreak, is_written in [places[one.message.id]]
        if is_written
    ]


async def _insert(tx: Tx, received: Iterable[Received]) -> dict[UUID, tuple[int, bool]]:
    """Each one's place in its chat, and whether it was written there."""
    cursor = await tx.execute(_WRITE, [recordset(_row(one) for one in received)])
    return {id: (tiebreak, is_written) for id, tiebreak, is_written in await cursor.fetchall()}


async def _variants(tx: Tx, strays: Sequence[Received]) -> list[Received]:
    """Of those whose key was taken, the ones that say something else than all who hold it."""
    keys = {_key(one.message): one.message for one in strays}
    rows = recordset({"chat_id": chat, "wa_id": wa_id, "sender_id": sender} for chat, wa_id, sender in keys)
    cursor = await tx.execute(_HOLDERS, [rows])
    holders: dict[tuple[UUID, str, UUID | None], list[Copy]] = defaultdict(list)
    for id, chat, wa_id, sender, kind, text, raw, variant, status in await cursor.fetchall():
        key = (chat, wa_id, sender)
        holders[key].append(Copy(id=id, key=key, kind=kind, text=text, raw=raw, variant=variant, status=status))
    different = []
    for stray in strays:
        held = holders[_key(stray.message)]
        copy = _copy(stray, variant=1 + max((one.variant for one in held), default=-1))
        if not any(is_same_content(copy, one) for one in held):
            held.append(copy)
            different.append(replace(stray, variant=copy.variant))
    return different


def _key(message: Message) -> tuple[UUID, str, UUID | None]:
    return message.chat.id, message.wa_id, message.sender.id if message.sender else None


def _copy(one: Received, *, variant: int) -> Copy:
    message = one.message
    return Copy(
        id=message.id,
        key=_key(message),
        kind=message.kind,
        text=message.text,
        raw=one.raw,
        variant=variant,
        status=message.status,
    )


def _row(one: Received) -> dict[str, Any]:
    message = one.message
    content, trouble = _document(one.content)
    return {
        "id": message.id,
        "instance_id": message.instance_id,
        "chat_id": message.chat.id,
        "sender_id": message.sender.id if message.sender else None,
        "from_me": message.from_me,
        "wa_id": message.wa_id,
        "variant": one.variant,
        "kind": message.kind,
        "text": message.text,
        "quoted_wa_id": message.quoted_wa_id,
        "sent_at": message.sent_at,
        "status": message.status,
        "bytes": base64.b64encode(one.raw).decode(),
        "content": content,
        "trouble": one.trouble or trouble,
        "is_unread": not message.from_me and not is_aside(message.kind),
        "jids": one.jids,
        "place": one.place,
    }


def _document(content: dict[str, Any] | None) -> tuple[orjson.Fragment | None, str | None]:
    """The protojson as PostgreSQL takes it, or what is wrong with it."""
    if content is None:
        return None, None
    try:
        document = orjson.dumps(content)
        if b"\\u0000" not in document:
            return embedded(document), None
    except orjson.JSONEncodeError:
        pass
    try:
        return embedded(orjson.dumps(storable_json(content))), None
    except (orjson.JSONEncodeError, RecursionError) as error:
        return None, f"its JSON cannot be kept: {error}"
