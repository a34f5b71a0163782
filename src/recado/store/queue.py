"""The send queue: what waits to be sent, in the order in which it was accepted, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.domain.jid import Identity
from recado.domain.sending import Gone, Lane, Postponed, Queued, Refused
from recado.domain.status import predecessors
from recado.domain.texts import storable

from .database import Tx
from .recordset import recordset

_LOAD = """
SELECT q.message_id, q.instance_id, i.instance_name, q.chat_id, m.wa_id, q.recipient, q.content, q.attempts,
  q.not_before, q.lane, q.tried_at IS NOT NULL, p.phone_number, p.lid
FROM json_to_recordset(%(wishes)s::json) AS w (instance_id uuid, lane text, room integer, chats uuid[])
JOIN public.whatsapp_instances i ON i.id = w.instance_id
CROSS JOIN LATERAL (
  SELECT * FROM recado.send_queue s
  WHERE s.instance_id = w.instance_id AND s.lane = w.lane AND s.send_at IS NULL
    AND (s.expires_at IS NULL OR s.expires_at > %(now)s OR s.tried_at IS NOT NULL)
    AND s.chat_id <> ALL (w.chats) AND s.message_id <> ALL (%(except)s)
  ORDER BY s.position LIMIT w.room
) q
JOIN public.whatsapp_messages m ON m.id = q.message_id
JOIN public.whatsapp_chats h ON h.id = q.chat_id
LEFT JOIN public.whatsapp_contacts p ON p.id = h.contact_id
ORDER BY q.position
"""
# Whoever writes both locks the message first.
_CLAIM = """
WITH due AS MATERIALIZED (
  SELECT id FROM public.whatsapp_messages WHERE id = ANY (%(ids)s) ORDER BY id FOR NO KEY UPDATE
), mine AS (
  UPDATE recado.send_queue q SET tried_at = %(now)s FROM due
  WHERE q.message_id = due.id AND (q.expires_at IS NULL OR q.expires_at > %(now)s OR q.tried_at IS NOT NULL)
  RETURNING q.message_id
), moved AS (
  UPDATE public.whatsapp_messages m SET status = 'sending', status_at = %(now)s FROM mine
  WHERE m.id = mine.message_id AND m.status = 'queued'
)
SELECT message_id FROM mine
"""
_SETTLE = """
WITH outcome AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%s::json) AS t (id uuid, status text, earlier text[], at timestamptz,
    error_code text, error_detail text)
), taken AS MATERIALIZED (
  SELECT m.id FROM public.whatsapp_messages m JOIN outcome USING (id) ORDER BY m.id FOR NO KEY UPDATE OF m
), gone AS (
  DELETE FROM recado.send_queue q USING taken WHERE q.message_id = taken.id RETURNING q.message_id
), moved AS (
  UPDATE public.whatsapp_messages m
  SET status = o.status, status_at = o.at, error_code = o.error_code, error_detail = o.error_detail
  FROM outcome o JOIN gone ON gone.message_id = o.id
  WHERE m.id = o.id AND m.status = ANY (o.earlier)
), step AS (
  INSERT INTO public.whatsapp_message_status (message_id, status, at)
  SELECT o.id, o.status, o.at FROM outcome o JOIN gone ON gone.message_id = o.id
  ON CONFLICT DO NOTHING
)
SELECT message_id FROM gone
"""
_POSTPONE = """
UPDATE recado.send_queue q SET attempts = t.attempts, not_before = t.not_before, last_error = t.detail,
  tried_at = CASE WHEN t.is_in_doubt THEN q.tried_at END
FROM json_to_recordset(%s::json) AS t (id uuid, attempts integer, not_before timestamptz, detail text,
  is_in_doubt boolean)
WHERE q.message_id = t.id
"""
_WITH_ROWS = """
SELECT t.id FROM unnest(%s::uuid[]) AS t (id)
WHERE EXISTS (SELECT FROM recado.send_queue q WHERE q.instance_id = t.id)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """So many rows of a lane of an instance, of other chats than these."""

    instance_id: UUID
    lane: Lane
    room: int
    chats: Collection[UUID]


async def load(tx: Tx, wishes: Iterable[Wish], *, without: Collection[UUID], now: datetime) -> list[Queued]:
    """What comes next for each wish, oldest first, apart from the messages of `without`."""
    rows = recordset(
        {"instance_id": wish.instance_id, "lane": wish.lane, "room": wish.room, "chats": list(wish.chats)}
        for wish in wishes
    )
    cursor = await tx.execute(_LOAD, {"wishes": rows, "except": list(without), "now": now})
    return [_queued(row) for row in await cursor.fetchall()]


async def claim(tx: Tx, message_ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """They are being sent from now on: those that this returns. The others were cancelled, or have expired."""
    cursor = await tx.execute(_CLAIM, {"ids": list(message_ids), "now": now})
    return {id for (id,) in await cursor.fetchall()}


async def with_rows(tx: Tx, instance_ids: Collection[UUID]) -> list[UUID]:
    """Those of the instances that have anything in the queue."""
    return [id for (id,) in await (await tx.execute(_WITH_ROWS, [list(instance_ids)])).fetchall()]


async def settle(tx: Tx, outcomes: Iterable[tuple[Queued, Gone | Refused]], now: datetime) -> set[UUID]:
    """Write what became of them and take them out of the queue. Returns those that were in it still.

    The caller holds the instances' locks.
    """
    rows = recordset(_outcome(queued, outcome, now) for queued, outcome in outcomes)
    cursor = await tx.execute(_SETTLE, [rows])
    return {row[0] for row in await cursor.fetchall()}


async def postpone(tx: Tx, outcomes: Iterable[tuple[Queued, Postponed]], now: datetime) -> None:
    """Note when they may go again, and why they did not."""
    rows = recordset(
        {
            "id": queued.message_id,
            "attempts": queued.attempts + outcome.counts,
            "not_before": None if outcome.is_offline else now + outcome.pause,
            "detail": storable(outcome.detail),
            "is_in_doubt": queued.is_in_doubt or outcome.is_in_doubt,
        }
        for queued, outcome in outcomes
    )
    await tx.execute(_POSTPONE, [rows])


def _outcome(queued: Queued, outcome: Gone | Refused, now: datetime) -> dict[str, Any]:
    if isinstance(outcome, Gone):
        row = {"status": "sent", "at": outcome.at, "error_code": None, "error_detail": None}
    else:
        row = {"status": "failed", "at": now, "error_code": outcome.code, "error_detail": storable(outcome.detail)}
    return row | {"id": queued.message_id, "earlier": predecessors(str(row["status"]))}


def _queued(columns: Sequence[Any]) -> Queued:
    message_id, instance_id, name, chat_id, wa_id, wire, content, attempts, not_before, *rest = columns
    lane, is_in_doubt, phone, lid = rest
    return Queued(
        message_id=message_id,
        instance_id=instance_id,
        instance_name=name,
        chat_id=chat_id,
        wa_id=wa_id,
        wire=wire,
        content=content,
        attempts=attempts,
        not_before=not_before,
        who=Identity(phone=phone, lid=lid),
        lane=lane,
        is_in_doubt=is_in_doubt,
    )
