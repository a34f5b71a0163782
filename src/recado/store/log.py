"""The event log: everything that somebody can be told, in the one order in which it was committed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final, LiteralString
from uuid import UUID

import orjson

from recado.domain.events import LoggedEvent, NewEvent

from .database import Tx
from .rows import fetch_all, fetch_value

_APPEND = "SELECT recado.append_events(%s, %s)"

# Day by day, so that each partition is entered at the right place of its key and only while rows are still wanted.
READ: Final[LiteralString] = """
SELECT e.position, e.id, e.type, e.time, e.instance_id, e.instance_name, e.chat_id, e.data
FROM recado.log_days AS days
CROSS JOIN LATERAL (
  SELECT * FROM recado.event_log
  WHERE event_log.day = days.day AND event_log.position > %(after)s
    AND (%(instance_id)s::uuid IS NULL OR event_log.instance_id = %(instance_id)s)
    AND (%(types)s::text[] IS NULL OR event_log.type = ANY (%(types)s))
  ORDER BY event_log.position
  LIMIT %(limit)s
) AS e
WHERE days.day >= coalesce((SELECT max(day) FROM recado.log_days WHERE first_position <= %(after)s + 1), '-infinity')
ORDER BY days.day, e.position
LIMIT %(limit)s
"""

_COUNT = """
SELECT count(*) FROM recado.event_log
WHERE day >= coalesce((SELECT max(day) FROM recado.log_days WHERE first_position <= %(after)s + 1), '-infinity')
  AND position > %(after)s AND position <= %(until)s
  AND (%(instance_id)s::uuid IS NULL OR instance_id = %(instance_id)s)
  AND (%(types)s::text[] IS NULL OR type = ANY (%(types)s))
"""

_HEAD = """
SELECT position FROM recado.event_log
WHERE day = (SELECT max(day) FROM recado.log_days)
ORDER BY position DESC LIMIT 1
"""

_OLDEST = "SELECT min(first_position) FROM recado.log_days"


async def append(tx: Tx, events: Sequence[NewEvent], *, today: date | None = None) -> list[int]:
    """Write the events and return their positions, in the same order.

    Do this last in a transaction: from here to its end no other one can append. `today` is the partition's day, the
    server's own by default; it never goes back.
    """
    if not events:
        return []
    first = await fetch_value(tx, _APPEND, (orjson.dumps(events).decode(), today))
    return list(range(first, first + len(events)))


async def read(
    tx: Tx, after: int, limit: int, *, instance_id: UUID | None = None, types: Collection[str] | None = None
) -> list[LoggedEvent]:
    """Up to `limit` events after that position, in order; of one instance and of some types when asked.

    Take `head` first to know how far a filtered read has looked: with fewer than `limit` events it has seen all up to
    that head.
    """
    params = {
        "after": after,
        "limit": limit,
        "instance_id": instance_id,
        "types": None if types is None else list(types),
    }
    return await fetch_all(tx, LoggedEvent, READ, params)


async def count(
    tx: Tx, after: int, until: int, *, instance_id: UUID | None = None, types: Collection[str] | None = None
) -> int:
    """How many such events stand after one position and up to another."""
    names = None if types is None else list(types)
    params = {"after": after, "until": until, "instance_id": instance_id, "types": names}
    return int(await fetch_value(tx, _COUNT, params))


async def head(tx: Tx) -> int:
    """The position of the last event; 0 when there has been none."""
    return await fetch_value(tx, _HEAD) or 0


async def oldest(tx: Tx) -> int:
    """The position of the first event that is still kept; 1 when there has been none."""
    return await fetch_value(tx, _OLDEST) or 1
