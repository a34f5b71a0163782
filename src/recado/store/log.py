"""The event log: everything that somebody can be told, in the one order in which it was committed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import orjson

from recado.domain.events import LoggedEvent, NewEvent

from .database import Call, Tx
from .rows import fetch_all, fetch_one, fetch_value

_FIELDS: Final = ("position", "id", "type", "time", "instance_id", "instance_name", "chat_id", "data")

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

# The first is found whatever its size. OFFSET 0 keeps the size from being worked out twice.
_WINDOW: LiteralString = (
    """
SELECT position, id, type, time, instance_id, instance_name, chat_id, data, found FROM (
  SELECT *, count(*) OVER () AS found, sum(size) OVER (ORDER BY position ROWS UNBOUNDED PRECEDING) AS bytes
  FROM (SELECT e.*, octet_length(e.data::text) AS size FROM ("""
    + READ
    + """) AS e OFFSET 0) AS measured
) AS sized
WHERE bytes - size < %(max_bytes)s
ORDER BY position
"""
)

_FIND = """
SELECT position, id, type, time, instance_id, instance_name, chat_id, data FROM recado.event_log
WHERE day = (SELECT max(day) FROM recado.log_days WHERE first_position <= %(position)s) AND position = %(position)s
"""

# An event is written within moments of its time: its day is that one, or the one beside it.
_WITHIN = """
SELECT position, coalesce(chat_id, instance_id) AS order_key FROM recado.event_log
WHERE day >= (%(begin)s::timestamptz AT TIME ZONE 'UTC')::date - 1
  AND (%(end)s::timestamptz IS NULL OR day <= (%(end)s::timestamptz AT TIME ZONE 'UTC')::date + 1)
  AND time >= %(begin)s AND (%(end)s::timestamptz IS NULL OR time < %(end)s) AND position <= %(until)s
  AND (%(instance_id)s::uuid IS NULL OR instance_id = %(instance_id)s)
  AND (%(types)s::text[] IS NULL OR type = ANY (%(types)s))
ORDER BY position LIMIT %(limit)s
"""

# As READ, from the newest back, and no further than `floor`: what it costs does not grow with the log.
_BACK: Final[LiteralString] = """
SELECT e.position, e.id, e.type, e.time, e.instance_id, e.instance_name, e.chat_id, e.data
FROM recado.log_days AS days
CROSS JOIN LATERAL (
  SELECT * FROM recado.event_log
  WHERE event_log.day = days.day AND event_log.position < %(before)s AND event_log.position >= %(floor)s
    AND (%(instance_id)s::uuid IS NULL OR event_log.instance_id = %(instance_id)s)
    AND (%(types)s::text[] IS NULL OR event_log.type = ANY (%(types)s))
  ORDER BY event_log.position DESC
  LIMIT %(limit)s
) AS e
WHERE days.first_position < %(before)s
  AND days.day >= coalesce((SELECT max(day) FROM recado.log_days WHERE first_position <= %(floor)s), '-infinity')
ORDER BY days.day DESC, e.position DESC
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A part of the log in order; `is_whole` when nothing that was asked for follows it."""

    events: list[LoggedEvent]
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an event stands, and what it keeps its order with."""

    position: int
    order_key: UUID | None


@dataclass(slots=True, kw_only=True)
class Appended:
    """Events that end a transaction. `first` is where the first one stands when that is committed, else 0.

    `size` is in bytes, as JSON.
    """

    events: Sequence[NewEvent]
    size: int
    first: int = 0

    def stands_from(self, answer: bytes) -> None:
        self.first = int(answer)

    def logged(self, *, after: int) -> Iterator[LoggedEvent]:
        """Those that stand after that position, as they are read from the log."""
        for position, event in enumerate(self.events, self.first):
            if position > after:
                yield LoggedEvent(
                    position=position,
                    id=event.id,
                    type=event.type,
                    time=event.time,
                    instance_id=event.instance_id,
                    instance_name=event.instance_name,
                    chat_id=event.chat_id,
                    data=orjson.loads(orjson.dumps(event.data)),
                )


NOTHING: Final = Appended(events=(), size=0)


async def append(tx: Tx, events: Sequence[NewEvent], *, today: date | None = None) -> list[int]:
    """Write the events and return their positions, in the same order.

    Do this last in a transaction: from here to its end no other one can append. `today` is the partition's day, the
    server's own by default; it never goes back.
    """
    if not events:
        return []
    first = await fetch_value(tx, _APPEND, (orjson.dumps(events).decode(), today))
    return list(range(first, first + len(events)))


def append_last(tx: Tx, events: Sequence[NewEvent]) -> Appended:
    """The same in the round trip that commits, which then raises its errors: the log is held no longer than it must."""
    document = orjson.dumps(events)
    appended = Appended(events=events, size=len(document))
    if events:
        tx.call_last(Call("recado.append_events", (document,)), appended.stands_from)
    return appended


async def read(
    tx: Tx, after: int, limit: int, *, instance_id: UUID | None = None, types: Collection[str] | None = None
) -> list[LoggedEvent]:
    """Up to `limit` events after that position, in order; of one instance and of some types when asked.

    Take `head` first to know how far a filtered read has looked: with fewer than `limit` events it has seen all up to
    that head.
    """
    return await fetch_all(tx, LoggedEvent, READ, {"after": after, "limit": limit, **_wish(instance_id, types)})


async def back(
    tx: Tx,
    before: int,
    floor: int,
    limit: int,
    *,
    instance_id: UUID | None = None,
    types: Collection[str] | None = None,
) -> list[LoggedEvent]:
    """Up to `limit` events before one position and not before another (`floor`), the newest first."""
    params = {"before": before, "floor": floor, "limit": limit, **_wish(instance_id, types)}
    return await fetch_all(tx, LoggedEvent, _BACK, params)


async def window(
    tx: Tx,
    after: int,
    *,
    limit: int,
    max_bytes: int,
    instance_id: UUID | None = None,
    types: Collection[str] | None = None,
) -> Found:
    """The same, and no more than the first one once their data has `max_bytes` as JSON."""
    params = {"after": after, "limit": limit, "max_bytes": max_bytes, **_wish(instance_id, types)}
    rows = await (await tx.execute(_WINDOW, params)).fetchall()
    found = rows[0][-1] if rows else 0
    return Found(
        events=[LoggedEvent(**dict(zip(_FIELDS, row, strict=False))) for row in rows],
        is_whole=len(rows) == found < limit,
    )


async def find(tx: Tx, position: int) -> LoggedEvent | None:
    """The event that stands there."""
    return await fetch_one(tx, LoggedEvent, _FIND, {"position": position})


async def within(
    tx: Tx,
    begin: datetime,
    end: datetime | None,
    *,
    until: int,
    limit: int,
    instance_id: UUID | None = None,
    types: Collection[str] | None = None,
) -> list[Place]:
    """The first events from one moment to before another (None: without end), up to the position `until`."""
    params = {"begin": begin, "end": end, "until": until, "limit": limit, **_wish(instance_id, types)}
    return await fetch_all(tx, Place, _WITHIN, params)


async def count(
    tx: Tx, after: int, until: int, *, instance_id: UUID | None = None, types: Collection[str] | None = None
) -> int:
    """How many such events stand after one position and up to another."""
    return int(await fetch_value(tx, _COUNT, {"after": after, "until": until, **_wish(instance_id, types)}))


async def head(tx: Tx) -> int:
    """The position of the last event; 0 when there has been none."""
    return await fetch_value(tx, _HEAD) or 0


async def oldest(tx: Tx) -> int:
    """The position of the first event that is still kept; 1 when there has been none."""
    return await fetch_value(tx, _OLDEST) or 1


def _wish(instance_id: UUID | None, types: Collection[str] | None) -> dict[str, Any]:
    return {"instance_id": instance_id, "types": None if types is None else list(types)}
