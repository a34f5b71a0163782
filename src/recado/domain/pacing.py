"""How fast an instance writes: a token bucket for strangers and one for everybody else, with human irregularity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from .sending import Lane

OPEN_FOR: Final = timedelta(hours=24)
"""How long after somebody wrote an answer to them counts as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time that is drawn anew each time, evenly between the two."""

    least: timedelta
    most: timedelta

    def __str__(self) -> str:
        """In seconds, as settings have it: `1-3`."""
        return f"{self.least.total_seconds():g}-{self.most.total_seconds():g}"

    def drawn(self, chance: Random) -> timedelta:
        return self.least + (self.most - self.least) * chance.random()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """`strangers` is the time between two messages to people who have not written for a day, `others` that to those who
    have, and to groups. After a quiet time `burst` of the latter may go at once, and one of the former.
    """

    strangers: Span
    others: Span
    burst: int


class Bucket:
    """Tokens that come one after the other, up to `burst`; each message takes one."""

    def __init__(self, span: Span, burst: int, chance: Random) -> None:
        self._span = span
        self._burst = burst
        self._chance = chance
        self._tokens = burst
        self._next: datetime | None = None

    def available(self, now: datetime) -> int:
        """How many messages may go now."""
        self._fill(now)
        return self._tokens

    def next_at(self, now: datetime) -> datetime:
        """When one may go: now, or when the next token comes."""
        self._fill(now)
        return now if self._tokens or self._next is None else self._next

    def take(self, now: datetime) -> None:
        """One goes, whether or not there is a token for it."""
        self._fill(now)
        self._tokens = max(0, self._tokens - 1)
        if self._next is None:
            self._next = now + self._span.drawn(self._chance)

    def _fill(self, now: datetime) -> None:
        if self._next is None:
            return
        self._next = min(self._next, now + self._span.most)  # a clock that was set back must not stop us
        while self._next is not None and self._next <= now:
            self._tokens += 1
            is_full = self._tokens >= self._burst
            self._next = (
                None if is_full else self._next + max(self._span.drawn(self._chance), timedelta(milliseconds=1))
            )


def buckets_of(pace: Pace | None, chance: Random) -> dict[Lane, Bucket]:
    """The bucket that each lane takes from; none at all when nothing is paced."""
    if pace is None:
        return {}
    strangers = Bucket(pace.strangers, 1, chance)
    return {"open": Bucket(pace.others, pace.burst, chance), "known": strangers, "new": strangers}
