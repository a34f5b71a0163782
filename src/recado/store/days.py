"""Tables that are kept by day: tomorrow is made ready in time, what is old enough is dropped whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import structlog

from .database import Tx
from .rows import fetch_all, fetch_value, fetch_values

log = structlog.get_logger(__name__)

Table = Literal["event_log", "delivery_attempts"]
TABLES: Final[tuple[Table, ...]] = ("event_log", "delivery_attempts")

_TODAY = "SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date"

# The position up to which nobody needs the log any more: every webhook that is not switched off has read that far, and
# no delivery that is still to be tried is that old.
_NEEDED_AFTER = """
SELECT least(
  (SELECT min(c.position) FROM recado.webhook_cursors c JOIN recado.webhooks w ON w.id = c.webhook_id
   WHERE w.state <> 'disabled'),
  (SELECT min(position) - 1 FROM recado.parked_deliveries WHERE state <> 'dead'))
"""

# The latest day stays even when it is old: the head of the log is read there.
_OLD_LOG_DAYS = """
SELECT day, last_position, coalesce(pg_total_relation_size(
  to_regclass('recado.event_log_' || to_char(day, 'YYYYMMDD'))), 0)::bigint AS bytes
FROM (SELECT day, lead(first_position) OVER (ORDER BY day) - 1 AS last_position FROM recado.log_days) AS days
WHERE day < %(before)s AND last_position IS NOT NULL
ORDER BY day
"""

_BYTES = """
SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint FROM pg_inherits
WHERE inhparent = ('recado.' || %s)::regclass
"""

_READY = """
SELECT to_date(right(child.relname, 8), 'YYYYMMDD') FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
WHERE inhparent = ('recado.' || %s)::regclass
"""

# Materialized: else PostgreSQL may read the names of other tables as dates before it has found out which are days.
_OLD_DAYS = """
WITH days AS MATERIALIZED (
  SELECT to_date(right(child.relname, 8), 'YYYYMMDD') AS day
  FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
  WHERE inhparent = 'recado.delivery_attempts'::regclass
)
SELECT day FROM days WHERE day < %(before)s ORDER BY day
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the tables that are kept by day are kept: sizes in bytes, and the next days that are not ready."""

    oldest_day: date | None
    log_bytes: int
    attempts_bytes: int
    missing: Sequence[tuple[Table, date]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _LogDay:
    day: date
    last_position: int
    bytes: int


async def ensure(tx: Tx, table: Table, day: date) -> None:
    """Make the partition of that day unless it is there."""
    await tx.execute("SELECT recado.make_day(%s, %s)", (table, day))


async def prepare(tx: Tx, *, today: date | None = None) -> None:
    """Make today's and tomorrow's partitions of every table, so that nobody has to while work is waiting."""
    today = today or await fetch_value(tx, _TODAY)
    for table in TABLES:
        await ensure(tx, table, today)
        await ensure(tx, table, today + timedelta(days=1))


async def expire(
    tx: Tx, keep: timedelta, *, most_bytes: int | None = None, today: date | None = None
) -> list[tuple[Table, date]]:
    """Drop the days that are older than `keep` and that no live cursor needs; which ones.

    While the log has more than `most_bytes`, its oldest such day goes whoever needs it. Does not wait for readers
    longer than half a second: raises LockNotAvailable then (Unavailable outside of the transaction), and the next time
    will do.
    """
    before = (today or await fetch_value(tx, _TODAY)) - keep
    await tx.execute("SET LOCAL lock_timeout = '500ms'")
    dropped: list[tuple[Table, date]] = []
    for day in await _expired(tx, before, most_bytes):
        await tx.execute("DELETE FROM recado.log_days WHERE day = %s", (day,))
        dropped.append(("event_log", day))
    dropped += [("delivery_attempts", day) for day in await fetch_values(tx, _OLD_DAYS, {"before": before})]
    for table, day in dropped:
        await tx.execute("SELECT recado.drop_day(%s, %s)", (table, day))
    if dropped:
        log.info("days.dropped", days=[f"{table} {day}" for table, day in dropped])
    return dropped


async def _expired(tx: Tx, before: date, most_bytes: int | None) -> list[date]:
    """The days of the log that go, the oldest first."""
    needed_after = await fetch_value(tx, _NEEDED_AFTER)
    total = await fetch_value(tx, _BYTES, ("event_log",))
    gone: list[date] = []
    for old in await fetch_all(tx, _LogDay, _OLD_LOG_DAYS, {"before": before}):
        is_needed = needed_after is not None and old.last_position > needed_after
        if is_needed and (most_bytes is None or total <= most_bytes):
            break
        gone.append(old.day)
        total -= old.bytes
    return gone


async def standing(tx: Tx, *, today: date | None = None) -> Standing:
    """What a person should know of it."""
    today = today or await fetch_value(tx, _TODAY)
    wanted = (today, today + timedelta(days=1))
    ready = {table: set(await fetch_values(tx, _READY, (table,))) for table in TABLES}
    return Standing(
        oldest_day=await fetch_value(tx, "SELECT min(day) FROM recado.log_days"),
        log_bytes=await fetch_value(tx, _BYTES, ("event_log",)),
        attempts_bytes=await fetch_value(tx, _BYTES, ("delivery_attempts",)),
        missing=[(table, day) for table in TABLES for day in wanted if day not in ready[table]],
    )
