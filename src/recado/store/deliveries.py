"""Cursors, parked deliveries and attempts: how far each webhook is, and what came of every try."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

import orjson

from recado.domain.delivery import Attempt, Parked

from .database import Tx
from .log import Place
from .rows import execute, fetch_all, fetch_one


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Everything up to `position` is settled or parked. The two times belong to a receiver that is down whole."""

    position: int
    failing_since: datetime | None = None
    probe_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a batch of tries has changed: written whole or not at all."""

    cursor: Cursor
    parked: Sequence[Parked] = field(default=())
    unparked: Sequence[int] = field(default=())
    attempts: Sequence[Attempt] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The first and the last position of what a webhook should have had and the log no longer keeps."""

    first: int
    last: int


async def claim(tx: Tx, webhook_id: UUID, fence: int) -> Cursor | None:
    """Take the cursor under this fence; None when it is gone or held under a newer one."""
    return await fetch_one(
        tx,
        Cursor,
        """
        UPDATE recado.webhook_cursors SET fence = %s WHERE webhook_id = %s AND fence <= %s
        RETURNING position, failing_since, probe_at
        """,
        (fence, webhook_id, fence),
    )


async def skip_lost(tx: Tx, webhook_id: UUID, oldest: int) -> Lost | None:
    """Let the webhook go on where the log begins; what it has lost by that, None when nothing.

    Whoever calls this holds the cursor.
    """
    row = await (
        await tx.execute(_SKIP_LOST, {"webhook_id": webhook_id, "oldest": oldest, "last": oldest - 1})
    ).fetchone()
    return None if row is None or row[0] is None else Lost(first=row[0], last=row[1])


async def forget_dead(tx: Tx, oldest: int) -> int:
    """Drop what was given up and could not be delivered again, because the log begins behind it; how many."""
    return await execute(tx, "DELETE FROM recado.parked_deliveries WHERE state = 'dead' AND position < %s", (oldest,))


async def parked(tx: Tx, webhook_id: UUID, *, limit: int) -> list[Parked]:
    """What still has to be delivered besides the log after the cursor, oldest first."""
    return await fetch_all(
        tx,
        Parked,
        """
        SELECT position, order_key, state, attempts, first_attempt_at, next_at, blocks_until
        FROM recado.parked_deliveries WHERE webhook_id = %s AND state <> 'dead' ORDER BY position LIMIT %s
        """,
        (webhook_id, limit),
    )


async def settle(tx: Tx, webhook_id: UUID, fence: int, settlement: Settlement, *, now: datetime) -> bool:
    """Write it in one round trip. False when the fence is no longer ours: then the transaction must be undone."""
    cursor = settlement.cursor
    async with tx.pipeline():
        moved = await tx.execute(
            """
            UPDATE recado.webhook_cursors SET position = %s, failing_since = %s, probe_at = %s, updated_at = %s
            WHERE webhook_id = %s AND fence = %s
            """,
            (cursor.position, cursor.failing_since, cursor.probe_at, now, webhook_id, fence),
        )
        if settlement.unparked:
            await tx.execute(_UNPARK, (webhook_id, list(settlement.unparked)))
        if settlement.parked:
            await tx.execute(_PARK, (webhook_id, _json(settlement.parked)))
        if settlement.attempts:
            await tx.execute(_RECORD, (_json(settlement.attempts),))
    return moved.rowcount == 1


async def record(tx: Tx, attempts: Iterable[Attempt]) -> None:
    """Keep attempts that move no cursor (a test delivery)."""
    await tx.execute(_RECORD, (_json(list(attempts)),))


async def attempts(
    tx: Tx,
    webhook_id: UUID,
    *,
    before: UUID | None,
    limit: int,
    position: int | None = None,
    failed: bool | None = None,
) -> list[Attempt]:
    """The newest first; of one event, and only those that failed or only those that did not, when asked."""
    params = {"webhook_id": webhook_id, "before": before, "position": position, "limit": limit}
    return await fetch_all(tx, Attempt, _ATTEMPTS[failed], params)


async def replay_one(tx: Tx, webhook_id: UUID, position: int, *, now: datetime) -> None:
    """Let one event be tried again at once with a schedule of its own, blocking nobody until it fails."""
    await execute(
        tx,
        """
        INSERT INTO recado.parked_deliveries (webhook_id, position, state, next_at) VALUES (%s, %s, 'waiting', %s)
        ON CONFLICT (webhook_id, position) DO UPDATE
        SET state = 'waiting', attempts = 0, first_attempt_at = NULL, next_at = excluded.next_at, blocks_until = NULL
        """,
        (webhook_id, position, now),
    )


async def replay_places(tx: Tx, webhook_id: UUID, places: Sequence[Place], *, now: datetime) -> None:
    """Let several be tried again at once, those of a chat one after the other; what is held stays where it is."""
    await execute(
        tx,
        """
        INSERT INTO recado.parked_deliveries AS old (webhook_id, position, order_key, state, next_at)
        SELECT %s, position, order_key, 'waiting', %s FROM unnest(%s::bigint[], %s::uuid[]) AS t (position, order_key)
        ON CONFLICT (webhook_id, position) DO UPDATE SET order_key = excluded.order_key, state = 'waiting',
          attempts = 0, first_attempt_at = NULL, next_at = excluded.next_at, blocks_until = NULL
        WHERE old.state <> 'held'
        """,
        (webhook_id, now, [place.position for place in places], [place.order_key for place in places]),
    )


async def renew(tx: Tx, webhook_id: UUID, *, now: datetime) -> None:
    """Let all that waits be tried at once, as if it had never been tried: the time until now counted for nobody."""
    await execute(
        tx,
        """
        UPDATE recado.parked_deliveries
        SET attempts = 0, first_attempt_at = NULL, next_at = %s, blocks_until = NULL
        WHERE webhook_id = %s AND state = 'waiting'
        """,
        (now, webhook_id),
    )


async def replay_failed(tx: Tx, webhook_id: UUID, *, now: datetime) -> int:
    """Let all that wait or are dead be tried again at once; how many."""
    return await execute(
        tx,
        """
        UPDATE recado.parked_deliveries
        SET state = 'waiting', attempts = 0, first_attempt_at = NULL, next_at = %s, blocks_until = NULL
        WHERE webhook_id = %s AND state IN ('waiting', 'dead')
        """,
        (now, webhook_id),
    )


async def fence_off(tx: Tx, webhook_id: UUID, fence: int) -> None:
    """Whoever moves the cursor under an older fence can no longer do so."""
    await execute(tx, "UPDATE recado.webhook_cursors SET fence = %s WHERE webhook_id = %s", (fence, webhook_id))


async def rewind(tx: Tx, webhook_id: UUID, position: int, *, now: datetime) -> None:
    """Put the cursor back to `position`; what is parked after it will be met again on the way."""
    await execute(
        tx,
        "UPDATE recado.webhook_cursors SET position = least(position, %s), updated_at = %s WHERE webhook_id = %s",
        (position, now, webhook_id),
    )
    await execute(
        tx,
        "DELETE FROM recado.parked_deliveries WHERE webhook_id = %s AND position > %s",
        (webhook_id, position),
    )


_ATTEMPTS_OF: LiteralString = """
SELECT id, webhook_id, position, event_id, attempt, at, duration_ms, status, error, answer
FROM recado.delivery_attempts
WHERE webhook_id = %(webhook_id)s AND (%(before)s::uuid IS NULL OR id < %(before)s)
  AND (%(position)s::bigint IS NULL OR position = %(position)s)
"""
_NEWEST: LiteralString = " ORDER BY id DESC LIMIT %(limit)s"
# Written out: what failed is found through an index of its own.
_ATTEMPTS: Final[dict[bool | None, LiteralString]] = {
    None: _ATTEMPTS_OF + _NEWEST,
    True: _ATTEMPTS_OF + "AND error IS NOT NULL" + _NEWEST,
    False: _ATTEMPTS_OF + "AND error IS NULL" + _NEWEST,
}


def _json(rows: Sequence[Attempt] | Sequence[Parked]) -> str:
    return orjson.dumps(list(rows)).decode()


_SKIP_LOST = """
WITH old AS (SELECT position FROM recado.webhook_cursors WHERE webhook_id = %(webhook_id)s),
skipped AS (
  UPDATE recado.webhook_cursors SET position = %(last)s WHERE webhook_id = %(webhook_id)s AND position < %(last)s),
dropped AS (
  DELETE FROM recado.parked_deliveries WHERE webhook_id = %(webhook_id)s AND position < %(oldest)s
  RETURNING position, state)
SELECT min(first), max(last) FROM (
  SELECT position + 1 AS first, %(last)s::bigint AS last FROM old WHERE position < %(last)s
  UNION ALL SELECT position, position FROM dropped WHERE state <> 'dead'
) AS lost
"""

_UNPARK = "DELETE FROM recado.parked_deliveries WHERE webhook_id = %s AND position = ANY(%s)"

_PARK = """
INSERT INTO recado.parked_deliveries
  (webhook_id, position, order_key, state, attempts, first_attempt_at, next_at, blocks_until)
SELECT %s, r.* FROM json_to_recordset(%s::json) AS r(position bigint, order_key uuid, state text, attempts integer,
  first_attempt_at timestamptz, next_at timestamptz, blocks_until timestamptz)
ON CONFLICT (webhook_id, position) DO UPDATE SET state = excluded.state, attempts = excluded.attempts,
  first_attempt_at = excluded.first_attempt_at, next_at = excluded.next_at, blocks_until = excluded.blocks_until
"""

# One JSON text costs Python a tenth of what arrays or parameters for every column would.
_RECORD = """
INSERT INTO recado.delivery_attempts
  (day, id, webhook_id, position, event_id, attempt, at, duration_ms, status, error, answer)
SELECT (r.at AT TIME ZONE 'UTC')::date, r.* FROM json_to_recordset(%s::json) AS r(id uuid, webhook_id uuid,
  position bigint, event_id uuid, attempt integer, at timestamptz, duration_ms integer, status integer, error text,
  answer text)
ON CONFLICT DO NOTHING
"""
