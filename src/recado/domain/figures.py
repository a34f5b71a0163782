"""How Recado runs, in numbers: messages over time, instances by state, the queue, deliveries, sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Final, Literal
from uuid import UUID

Span = Literal["day", "month"]
HOUR: Final = timedelta(hours=1)
HOURS: Final = 24
DAYS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """How many messages came in and went out in the hour that begins then, over all instances asked about."""

    begin: datetime
    incoming: int
    outgoing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What waits to be sent now; `is_cut`: at least that many. `oldest_at` is when the first of them was accepted."""

    waiting: int
    oldest_at: datetime | None
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """In bytes; `oldest` is the time of the first event that is kept, None when there is none."""

    database: int
    log: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """What came of the last tries of one webhook, those of a day, up to a few hundred."""

    webhook_id: UUID
    arrived: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Messages by the hour or day, the oldest first, without a gap; `is_cut`: the last ones are at least that."""

    span: Span
    buckets: Sequence[Hour]
    is_cut: bool = False

    @property
    def incoming(self) -> int:
        return sum(bucket.incoming for bucket in self.buckets)

    @property
    def outgoing(self) -> int:
        return sum(bucket.outgoing for bucket in self.buckets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """`sizes` is None for who sees one instance only."""

    flow: Flow
    states: Mapping[str, int]
    queue: Queue
    sizes: Sizes | None
    deliveries: Mapping[UUID, Deliveries] = field(default_factory=dict)


def hour_of(moment: datetime) -> datetime:
    """The whole hour that it lies in."""
    return moment.replace(minute=0, second=0, microsecond=0)


def begin_of(span: Span, now: datetime, zone: tzinfo) -> datetime:
    """Where the first bucket begins: 24 hours with this one, or 30 days with today, as that zone has them."""
    if span == "day":
        return hour_of(now) - (HOURS - 1) * HOUR
    return _midnight(now, zone, DAYS - 1)


def flow_of(span: Span, hours: Iterable[Hour], now: datetime, zone: tzinfo, *, is_cut: bool = False) -> Flow:
    """Those hours in buckets of that span; an hour before its beginning counts for nothing."""
    begins = [begin_of("day", now, zone) + n * HOUR for n in range(HOURS)]
    if span == "month":
        begins = [_midnight(now, zone, DAYS - 1 - n) for n in range(DAYS)]
    counts = [[0, 0] for _ in begins]
    at = 0
    for hour in sorted(hours, key=lambda one: one.begin):
        while at + 1 < len(begins) and begins[at + 1] <= hour.begin:
            at += 1
        if hour.begin >= begins[0]:
            counts[at][0] += hour.incoming
            counts[at][1] += hour.outgoing
    buckets = [
        Hour(begin=begin, incoming=incoming, outgoing=outgoing)
        for begin, (incoming, outgoing) in zip(begins, counts, strict=True)
    ]
    return Flow(span=span, buckets=buckets, is_cut=is_cut)


def _midnight(now: datetime, zone: tzinfo, days_ago: int) -> datetime:
    """The beginning of a day, also where the clock is changed in between."""
    day = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0) - timedelta(days=days_ago)
    return day.astimezone(now.tzinfo)
