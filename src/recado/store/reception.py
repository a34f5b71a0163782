"""Messages as they come in, many at once: rows, bytes, the chat's last message, gaps that they fill."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from recado.domain.messages import Message, is_change

from . import changes, messages, repeats
from .database import Tx
from .received import Received, row_of
from .recordset import recordset

_WRITE_FILES = """, files AS (
  INSERT INTO public.whatsapp_media (message_id, instance_id, kind, mime_type, file_name, size_bytes, sha256, seconds,
    width, height, thumbnail, state)
  SELECT w.id, i.instance_id, f.*, CASE f.kind WHEN 'preview' THEN 'none' ELSE 'remote' END
  FROM written w JOIN incoming i USING (id) CROSS JOIN LATERAL json_to_record(i.media) AS f (kind text, mime_type text,
    file_name text, size_bytes bigint, sha256 text, seconds integer, width integer, height integer, thumbnail text)
  WHERE i.media IS NOT NULL
)
"""
_WRITE = """
WITH incoming AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%s::json) AS t (id uuid, instance_id uuid, chat_id uuid, sender_id uuid,
    from_me boolean, wa_id text, variant smallint, kind text, text text, quoted_wa_id text, edited_at timestamptz,
    sent_at timestamptz, status text, bytes text, content json, trouble text, is_unread boolean, is_history boolean,
    jids text[], place bigint, quoted_text text, details json, target_wa_id text, media json)
), placed AS MATERIALIZED (
  SELECT *, coalesce(place, nextval('recado.message_order')) AS tiebreak FROM incoming
), written AS (
  INSERT INTO public.whatsapp_messages (id, instance_id, chat_id, sender_id, from_me, wa_id, variant, kind, text,
    quoted_wa_id, edited_at, sent_at, tiebreak, status, status_at, is_history, quoted_text, details, target_wa_id)
  SELECT id, instance_id, chat_id, sender_id, from_me, wa_id, variant, kind, text, quoted_wa_id, edited_at, sent_at,
    tiebreak, status, sent_at, is_history, quoted_text, details::jsonb, target_wa_id
  FROM placed
  ON CONFLICT DO NOTHING
  RETURNING id, chat_id, sent_at, tiebreak
), raw AS (
  INSERT INTO recado.message_raw (message_id, bytes, content, trouble)
  SELECT i.id, decode(i.bytes, 'base64'), i.content::jsonb, i.trouble FROM incoming i JOIN written USING (id)
), sent AS (
  INSERT INTO public.whatsapp_message_status (message_id, status, at)
  SELECT i.id, i.status, i.sent_at FROM incoming i JOIN written USING (id) WHERE i.from_me AND NOT i.is_history
), filled AS (
  UPDATE recado.gaps g SET filled_by = w.id
  FROM written w JOIN incoming i USING (id) CROSS JOIN LATERAL unnest(i.jids) AS j (chat)
  WHERE g.instance_id = i.instance_id AND g.chat = j.chat AND g.wa_id = i.wa_id AND g.filled_by IS NULL
), latest AS (
  SELECT DISTINCT ON (w.chat_id) w.chat_id, w.id, w.sent_at, w.tiebreak,
    count(*) FILTER (WHERE i.is_unread) OVER (PARTITION BY w.chat_id) AS unread
  FROM written w JOIN incoming i USING (id) WHERE i.target_wa_id IS NULL
  ORDER BY w.chat_id, w.sent_at DESC, w.tiebreak DESC
), touched AS (
  UPDATE public.whatsapp_chats h
  SET last_message_id = CASE WHEN n.is_last THEN n.id ELSE h.last_message_id END,
    last_message_at = CASE WHEN n.is_last THEN n.sent_at ELSE h.last_message_at END,
    last_tiebreak = CASE WHEN n.is_last THEN n.tiebreak ELSE h.last_tiebreak END,
    unread_count = h.unread_count + n.unread, updated_at = now()
  FROM (
    SELECT l.*,
      c.last_message_id IS NULL OR (l.sent_at, l.tiebreak) > (c.last_message_at, c.last_tiebreak) AS is_last
    FROM latest l JOIN public.whatsapp_chats c ON c.id = l.chat_id
  ) n
  WHERE h.id = n.chat_id AND (n.is_last OR n.unread > 0)
)"""
# LIMIT keeps it a probe of the small index of such rows, whatever the planner thinks of their number.
_WRITTEN = """
SELECT p.id, p.tiebreak, EXISTS (SELECT FROM written w WHERE w.id = p.id),
  p.target_wa_id IS NULL AND (SELECT true FROM public.whatsapp_messages c
    WHERE c.chat_id = p.chat_id AND c.target_wa_id = p.wa_id AND c.details ? 'change' LIMIT 1) IS NOT NULL
FROM placed p
"""
_WRITE_PLAIN = _WRITE + _WRITTEN
_WRITE_WITH_FILES = _WRITE + _WRITE_FILES + _WRITTEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """`written` has what is new, in order, by the id that it came with, as it stands now, with its place in the chat.

    `changed` has messages that were there and stand differently now, by the id of what has edited or deleted them.
    """

    written: dict[UUID, Message]
    changed: dict[UUID, Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    tiebreak: int
    is_written: bool
    is_awaited: bool


async def write(tx: Tx, received: Sequence[Received]) -> Reception:
    """Write what is not there yet.

    One that has the id of another but not its content is kept beside it as a variant. One that had come with history
    is returned as the row that is there, live from now on. What was said of a message earlier is applied to it. The
    caller holds the lock.
    """
    places = await _insert(tx, received)
    strays = [_placed(one, places[id]) for one in received if not places[id := one.message.id].is_written]
    outcome = await repeats.settle(tx, strays) if strays else repeats.Outcome()
    if outcome.variants:
        places |= await _insert(tx, outcome.variants)
    written = {
        id: outcome.claimed.get(id) or _placed(one, places[id]).message
        for one in received
        if places[id := one.message.id].is_written or id in outcome.claimed
    }
    targets = {_target(one) for id, one in written.items() if is_change(one) or places[id].is_awaited}
    return await _changed(tx, written, targets) if targets else Reception(written=written, changed={})


def _placed(one: Received, place: _Place) -> Received:
    """With the tiebreak that was drawn for it."""
    if one.place is not None:
        return one
    return replace(one, place=place.tiebreak, message=replace(one.message, tiebreak=place.tiebreak))


async def _changed(tx: Tx, written: dict[UUID, Message], targets: set[tuple[UUID, str]]) -> Reception:
    settled = await changes.settle(tx, targets)
    fresh = await messages.by_ids(tx, settled)
    own = {message.id: id for id, message in written.items()}
    new = {own[id]: message for id, message in fresh.items() if id in own}
    old = {settled[id]: message for id, message in fresh.items() if id not in own}
    return Reception(written=written | new, changed=old)


def _target(message: Message) -> tuple[UUID, str]:
    """The message that is meant: another one, or itself."""
    return message.chat.id, message.target_wa_id or message.wa_id


async def _insert(tx: Tx, received: Iterable[Received]) -> dict[UUID, _Place]:
    rows = [row_of(one) for one in received]
    statement = _WRITE_WITH_FILES if any("media" in row for row in rows) else _WRITE_PLAIN
    cursor = await tx.execute(statement, [recordset(rows)])
    return {
        id: _Place(tiebreak=tiebreak, is_written=is_written, is_awaited=is_awaited)
        for id, tiebreak, is_written, is_awaited in await cursor.fetchall()
    }
