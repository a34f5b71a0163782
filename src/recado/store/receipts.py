"""What receipts do: a row of history for each step and person, the message's status forward, chats read elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.domain.chats import Chat
from recado.domain.messages import StatusStep
from recado.domain.status import RANK, predecessors

from .chats import COLUMNS, chat_of
from .contacts import contact_of
from .database import Tx
from .recordset import recordset

_APPLY = f"""
WITH news AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%s::json) AS t (n integer, instance_id uuid, wa_id text, status text, rank integer,
    earlier text[], contact_id uuid, at timestamptz)
), hit AS MATERIALIZED (
  SELECT n.*, m.id AS message_id, m.chat_id, m.status AS current
  FROM news n JOIN public.whatsapp_messages m ON m.instance_id = n.instance_id AND m.wa_id = n.wa_id AND m.from_me
  ORDER BY m.id FOR NO KEY UPDATE OF m
), early AS (
  INSERT INTO recado.early_receipts (instance_id, wa_id, status, contact_id, at)
  SELECT n.instance_id, n.wa_id, n.status, n.contact_id, n.at FROM news n
  WHERE NOT EXISTS (SELECT FROM hit WHERE hit.n = n.n)
  ON CONFLICT DO NOTHING
), step AS (
  INSERT INTO public.whatsapp_message_status (message_id, status, contact_id, at)
  SELECT message_id, status, contact_id, at FROM hit ORDER BY n
  ON CONFLICT DO NOTHING
  RETURNING message_id, status, contact_id
), moved AS (
  UPDATE public.whatsapp_messages m SET status = best.status, status_at = best.at
  FROM (SELECT DISTINCT ON (message_id) message_id, status, earlier, at FROM hit ORDER BY message_id, rank DESC, n) best
  WHERE m.id = best.message_id AND m.status = ANY (best.earlier)
  RETURNING m.id, m.status
)
SELECT DISTINCT ON (hit.n, hit.message_id) hit.n, hit.message_id, hit.wa_id, coalesce(moved.status, hit.current),
  hit.status, hit.at, {COLUMNS}, s.id, s.instance_id, s.phone_number, s.lid, s.name, s.push_name, s.business_name
FROM hit
JOIN step ON step.message_id = hit.message_id AND step.status = hit.status
  AND step.contact_id IS NOT DISTINCT FROM hit.contact_id
LEFT JOIN moved ON moved.id = hit.message_id
JOIN public.whatsapp_chats h ON h.id = hit.chat_id
LEFT JOIN public.whatsapp_contacts p ON p.id = h.contact_id
LEFT JOIN public.whatsapp_contacts s ON s.id = hit.contact_id
ORDER BY hit.n, hit.message_id
"""
_TAKE_EARLY = """
DELETE FROM recado.early_receipts e
USING json_to_recordset(%s::json) AS t (n integer, instance_id uuid, wa_id text)
WHERE e.instance_id = t.instance_id AND e.wa_id = t.wa_id
RETURNING t.n, e.instance_id, e.wa_id, e.status, e.contact_id, e.at
"""
_READ_ELSEWHERE = """
WITH seen AS (
  SELECT DISTINCT ON (m.chat_id) m.chat_id, m.sent_at, m.tiebreak
  FROM json_to_recordset(%s::json) AS t (instance_id uuid, wa_id text)
  JOIN public.whatsapp_messages m ON m.instance_id = t.instance_id AND m.wa_id = t.wa_id AND NOT m.from_me
  ORDER BY m.chat_id, m.sent_at DESC, m.tiebreak DESC
)
UPDATE public.whatsapp_chats h SET updated_at = now(), is_marked_unread = false, unread_count = least(h.unread_count, (
  SELECT count(*) FROM public.whatsapp_messages m
  WHERE m.chat_id = h.id AND NOT m.from_me AND (m.sent_at, m.tiebreak) > (seen.sent_at, seen.tiebreak)))
FROM seen WHERE h.id = seen.chat_id AND (h.unread_count > 0 OR h.is_marked_unread)
RETURNING h.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Somebody's device has got that far with one of your messages. `n` is for the caller's own order."""

    n: int
    instance_id: UUID
    wa_id: str
    status: str
    contact_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A step that was new: whose message, in which chat, and the message's status after it."""

    n: int
    message_id: UUID
    wa_id: str
    chat: Chat
    status: str
    step: StatusStep


async def apply(tx: Tx, steps: Iterable[Step]) -> list[Taken]:
    """Write the steps; those of messages that are not known yet are kept for them."""
    first = {(step.instance_id, step.wa_id, step.status, step.contact_id): step for step in reversed(list(steps))}
    cursor = await tx.execute(_APPLY, [recordset(_row(step) for step in first.values())])
    return [_taken(row) for row in await cursor.fetchall()]


async def take_early(tx: Tx, messages: Iterable[tuple[int, UUID, str]]) -> list[Step]:
    """The steps that came before these messages (`n`, instance, WhatsApp's id); they are applied by the caller."""
    rows = recordset({"n": n, "instance_id": instance_id, "wa_id": wa_id} for n, instance_id, wa_id in messages)
    cursor = await tx.execute(_TAKE_EARLY, [rows])
    return [
        Step(n=n, instance_id=instance_id, wa_id=wa_id, status=status, contact_id=contact_id, at=at)
        for n, instance_id, wa_id, status, contact_id, at in await cursor.fetchall()
    ]


async def read_elsewhere(tx: Tx, messages: Iterable[tuple[UUID, str]]) -> list[UUID]:
    """The owner has read up to these (instance, WhatsApp's id) on another device: less is unread. The chats' ids."""
    rows = recordset({"instance_id": instance_id, "wa_id": wa_id} for instance_id, wa_id in messages)
    return [id for (id,) in await (await tx.execute(_READ_ELSEWHERE, [rows])).fetchall()]


def _row(step: Step) -> dict[str, Any]:
    return {
        "n": step.n,
        "instance_id": step.instance_id,
        "wa_id": step.wa_id,
        "status": step.status,
        "rank": RANK[step.status],
        "earlier": predecessors(step.status),
        "contact_id": step.contact_id,
        "at": step.at,
    }


def _taken(columns: Sequence[Any]) -> Taken:
    n, message_id, wa_id, status, step, at, *rest = columns
    person = contact_of(rest[-7:]) if rest[-7] is not None else None
    return Taken(
        n=n,
        message_id=message_id,
        wa_id=wa_id,
        chat=chat_of(rest[:-7]),
        status=status,
        step=StatusStep(status=step, at=at, contact=person),
    )
