"""Messages counted by the hour: each hour that is over once, the ones that are not yet counted as far as a limit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, LiteralString
from uuid import UUID

from recado.domain.figures import HOUR, Hour, hour_of
from recado.domain.ids import uuid7

from .database import Tx
from .rows import execute, fetch_all, fetch_value

MOST: Final = 20_000
"""Messages of one instance that are counted of an hour which is not over."""

# An id tells the time, so an hour is a range of the index by instance and id. Two row comparisons are its ends: beside
# an equality the first one would not be where the scan begins. The order leaves no other way, whatever is guessed.
_LIVE: Final[LiteralString] = """
SELECT m.from_me, NOT m.is_history AND m.target_wa_id IS NULL AND m.kind <> 'stub' AS is_live
FROM public.whatsapp_messages m
WHERE (m.instance_id, m.id) >= (i.id, %(first)s::uuid) AND (m.instance_id, m.id) < (i.id, %(beyond)s::uuid)
ORDER BY m.instance_id, m.id LIMIT %(most)s
"""
_SUMS: Final[LiteralString] = (
    """
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE is_live AND NOT from_me) AS incoming,
    count(*) FILTER (WHERE is_live AND from_me) AS outgoing, count(*) AS seen
  FROM ("""
    + _LIVE
    + """) AS within
) AS t
"""
)

_COUNT: Final[LiteralString] = (
    """
INSERT INTO recado.message_counts (hour, instance_id, incoming, outgoing)
SELECT %(hour)s, i.id, t.incoming, t.outgoing FROM public.whatsapp_instances i
"""
    + _SUMS
    + """
WHERE t.incoming + t.outgoing > 0
ON CONFLICT (hour, instance_id) DO UPDATE SET incoming = excluded.incoming, outgoing = excluded.outgoing
"""
)

_OPEN: Final[LiteralString] = (
    """
SELECT coalesce(sum(t.incoming), 0)::bigint, coalesce(sum(t.outgoing), 0)::bigint, coalesce(max(t.seen), 0)
FROM public.whatsapp_instances i
"""
    + _SUMS
    + " WHERE %(only)s::uuid IS NULL OR i.id = %(only)s"
)

_NEXT: Final = """
SELECT min(t.id::text) FROM public.whatsapp_instances i CROSS JOIN LATERAL (
  SELECT m.id FROM public.whatsapp_messages m
  WHERE (m.instance_id, m.id) >= (i.id, %(first)s::uuid) AND (m.instance_id, m.id) <= (i.id, %(last)s::uuid)
  ORDER BY m.instance_id, m.id LIMIT 1
) AS t
"""

_HOURS: Final = """
SELECT hour AS begin, sum(incoming)::bigint AS incoming, sum(outgoing)::bigint AS outgoing FROM recado.message_counts
WHERE hour >= %(begin)s AND (%(only)s::uuid IS NULL OR instance_id = %(only)s) GROUP BY hour ORDER BY hour
"""

_LAST: Final = UUID(int=2**128 - 1)
_KEY: Final = "messages_counted_until"
_REACHED: Final = "SELECT (value #>> '{}')::timestamptz FROM recado.settings WHERE key = %s"
_CLAIM: Final = """
INSERT INTO recado.settings AS s (key, value) VALUES (%s, to_jsonb(%s::text))
ON CONFLICT (key) DO UPDATE SET value = s.value RETURNING (value #>> '{}')::timestamptz
"""


async def claim(tx: Tx, otherwise: datetime) -> datetime:
    """Where counting goes on, `otherwise` if it never began; nobody else counts until the transaction ends."""
    reached: datetime = await fetch_value(tx, _CLAIM, (_KEY, otherwise.isoformat()))
    return reached


async def reach(tx: Tx, hour: datetime) -> None:
    """All hours before this one are counted."""
    await execute(tx, "UPDATE recado.settings SET value = to_jsonb(%s::text) WHERE key = %s", (hour.isoformat(), _KEY))


async def next_used(tx: Tx, begin: datetime) -> datetime | None:
    """The first hour from then on in which there is a message; None when there is none."""
    found = await fetch_value(tx, _NEXT, {"first": _first(begin), "last": _LAST})
    return hour_of(datetime.fromtimestamp((UUID(found).int >> 80) / 1000, UTC)) if found else None


async def count(tx: Tx, hour: datetime) -> None:
    """Count that hour anew, for every instance."""
    await execute(tx, _COUNT, {"hour": hour, "most": None, **_range(hour)})


async def counted(tx: Tx, begin: datetime, only: UUID | None) -> list[Hour]:
    """The hours from then on that were counted and had messages, of one instance or of all."""
    return await fetch_all(tx, Hour, _HOURS, {"begin": begin, "only": only})


async def open_from(tx: Tx, now: datetime) -> datetime:
    """The first hour that is not counted yet."""
    reached: datetime | None = await fetch_value(tx, _REACHED, (_KEY,))
    return reached if reached is not None else hour_of(now)


async def uncounted(tx: Tx, hours: Sequence[datetime], only: UUID | None) -> tuple[list[Hour], bool]:
    """These hours as they are now, and whether one of them has more than was looked at."""
    found, is_cut = [], False
    for hour in hours:
        row = await (await tx.execute(_OPEN, {"only": only, "most": MOST, **_range(hour)})).fetchone()
        incoming, outgoing, seen = row or (0, 0, 0)
        found.append(Hour(begin=hour, incoming=incoming, outgoing=outgoing))
        is_cut = is_cut or seen >= MOST
    return found, is_cut


def _range(hour: datetime) -> dict[str, UUID]:
    return {"first": _first(hour), "beyond": _first(hour + HOUR)}


def _first(moment: datetime) -> UUID:
    return uuid7(int(moment.timestamp() * 1000), bytes(10))
