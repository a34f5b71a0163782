"""Tables that are kept by day: tomorrow is made ready in time, what is old enough is dropped whole."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, Literal

import structlog

from .database import Tx
from .rows import fetch_value, fetch_values

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
SELECT day FROM (
  SELECT day, lead(first_position) OVER (ORDER BY day) - 1 AS last_position FROM recado.log_days
) AS days
WHERE day < %(before)s AND last_position <= coalesce(%(needed_after)s, last_position)
ORDER BY day
"""

_OLD_DAYS = """
SELECT to_date(right(child.relname, 8), 'YYYYMMDD') AS day
FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
WHERE inhparent = 'recado.delivery_attempts'::regclass
  AND to_date(right(child.relname, 8), 'YYYYMMDD') < %(before)s
ORDER BY day
"""


async def ensure(tx: Tx, table: Table, day: date) -> None:
    """Make the partition of that day unless it is there."""
    await tx.execute("SELECT recado.make_day(%s, %s)", (table, day))


async def prepare(tx: Tx, *, today: date | None = None) -> None:
    """Make today's and tomorrow's partitions of every table, so that nobody has to while work is waiting."""
    today = today or await fetch_value(tx, _TODAY)
    for table in TABLES:
        await ensure(tx, table, today)
        await ensure(tx, table, today + timedelta(days=1))


async def expire(tx: Tx, keep: timedelta, *, today: date | None = None) -> list[tuple[Table, date]]:
    """Drop the days that are older than `keep` and that no live cursor needs; which ones.

    Does not wait for readers longer than half a second: raises LockNotAvailable then (Unavailable outside of the
    transaction), and the next time will do.
    """
    before = (today or await fetch_value(tx, _TODAY)) - keep
    needed_after = await fetch_value(tx, _NEEDED_AFTER)
    dropped: list[tuple[Table, date]] = []
    await tx.execute("SET LOCAL lock_timeout = '500ms'")
    for day in await fetch_values(tx, _OLD_LOG_DAYS, {"before": before, "needed_after": needed_after}):
        await tx.execute("DELETE FROM recado.log_days WHERE day = %s", (day,))
        dropped.append(("event_log", day))
    dropped += [("delivery_attempts", day) for day in await fetch_values(tx, _OLD_DAYS, {"before": before})]
    for table, day in dropped:
        await tx.execute("SELECT recado.drop_day(%s, %s)", (table, day))
    if dropped:
        log.info("days.dropped", days=[f"{table} {day}" for table, day in dropped])
    return dropped
