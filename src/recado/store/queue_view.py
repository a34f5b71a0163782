"""What people see of the send queue: how much waits, since when, for what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from recado.domain.queue_view import QueueCounts
from recado.domain.sending import Waiting
from recado.domain.timing import Timing

from .database import Tx

_COUNTS: Final = """
SELECT count(*) FILTER (WHERE send_at IS NULL AND tried_at IS NULL), count(*) FILTER (WHERE tried_at IS NOT NULL),
  count(*) FILTER (WHERE send_at IS NOT NULL),
  count(*) FILTER (WHERE lane = 'new' AND send_at IS NULL AND tried_at IS NULL),
  min(created_at) FILTER (WHERE send_at IS NULL), min(send_at)
FROM recado.send_queue WHERE instance_id = %s
"""
_WAITING: Final = """
SELECT lane, send_at, expires_at, attempts, not_before, last_error, tried_at IS NOT NULL
FROM recado.send_queue WHERE message_id = %s
"""


_LINE: Final = """
SELECT message_id, lane, send_at, expires_at, attempts, not_before, last_error, tried_at IS NOT NULL
FROM recado.send_queue WHERE instance_id = %s ORDER BY send_at NULLS FIRST, position LIMIT %s
"""


async def line(tx: Tx, instance_id: UUID, limit: int) -> dict[UUID, Waiting]:
    """What goes next, by message: what waits in its order, then the appointments."""
    rows = await (await tx.execute(_LINE, [instance_id, limit])).fetchall()
    return {id: _waiting(rest) for id, *rest in rows}


async def counts(tx: Tx, instance_id: UUID) -> QueueCounts:
    row = await (await tx.execute(_COUNTS, [instance_id])).fetchone()
    assert row is not None
    queued, under_way, scheduled, to_strangers, oldest_at, next_send_at = row
    return QueueCounts(
        queued=queued,
        under_way=under_way,
        scheduled=scheduled,
        to_strangers=to_strangers,
        oldest_at=oldest_at,
        next_send_at=next_send_at,
    )


async def waiting(tx: Tx, message_id: UUID) -> Waiting | None:
    """None when it is in the queue no more."""
    row = await (await tx.execute(_WAITING, [message_id])).fetchone()
    return _waiting(row) if row is not None else None


def _waiting(row: Sequence[Any]) -> Waiting:
    lane, send_at, expires_at, attempts, not_before, last_error, is_under_way = row
    return Waiting(
        lane=lane,
        timing=Timing(send_at=send_at, expires_at=expires_at),
        attempts=attempts,
        not_before=not_before,
        last_error=last_error,
        is_under_way=is_under_way,
    )
