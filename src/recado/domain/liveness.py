"""When a connection that answers and brings nothing is to be doubted: what usually comes at this time has not come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from .engine import Gap, Incoming, Receipt
from .sync import Heard, HistoryNotice, Presence, Typing

Traffic = Mapping[datetime, int]
"""By the hour (UTC): in how many of its 60 minutes somebody wrote. An hour that is not there brought nothing."""

REMEMBERED: Final = timedelta(days=16)
SHORTEST: Final = timedelta(minutes=30)
EXPECTED: Final = 12
ANSWER_WITHIN: Final = timedelta(minutes=2)
RECONNECTS_EVERY: Final = timedelta(hours=6)
_STEP: Final = timedelta(minutes=15)
_LONGEST: Final = timedelta(hours=24)
_WEEK: Final = 7
_QUIET_DAYS: Final = 2
_STEPS_AN_HOUR: Final = timedelta(hours=1) // _STEP


def is_pushed(heard: Heard) -> bool:
    """Whether the network brought it of its own accord, which proves that something comes."""
    return isinstance(heard, Incoming | Receipt | Gap | HistoryNotice | Typing | Presence)


def is_usual(heard: Heard) -> bool:
    """Whether it counts as traffic: somebody else has written. Receipts depend on what was sent."""
    return isinstance(heard, Incoming | Gap) and not heard.is_from_me


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def doubtful_at(traffic: Traffic, since: datetime) -> datetime | None:
    """When a silence that began at `since` is no longer to be believed; None: not within a day.

    On at least five of the last seven days, and on the same day of the last week and of the one before it (if that is
    remembered), somebody wrote in at least EXPECTED minutes of the same span of time. It is never less than SHORTEST.
    """
    begin = _next_step(since)
    sums = dict.fromkeys(_compared(traffic, since), 0.0)
    for step in range(_LONGEST // _STEP):
        moment = begin + step * _STEP
        for day in sums:
            sums[day] += traffic.get(hour_of(moment - timedelta(days=day)), 0) / _STEPS_AN_HOUR
        end = moment + _STEP
        if SHORTEST <= end - since <= _LONGEST and _sure(sums) >= EXPECTED:
            return end
    return None


def _sure(sums: Mapping[int, float]) -> float:
    """What was there on all but the quietest days, and on the same day of each week."""
    week = sorted(sums[day] for day in range(1, _WEEK + 1))
    return min(week[_QUIET_DAYS], *(total for day, total in sums.items() if day % _WEEK == 0))


def _compared(traffic: Traffic, since: datetime) -> list[int]:
    """How many days before each day lies that the silence is compared with."""
    last_but_one = 2 * _WEEK
    reaches_back = min(traffic, default=since) <= since - timedelta(days=last_but_one)
    return [*range(1, _WEEK + 1), *([last_but_one] if reaches_back else [])]


def _next_step(moment: datetime) -> datetime:
    """The next quarter of an hour."""
    return moment + (hour_of(moment) - moment) % _STEP


def spoken(silence: timedelta) -> str:
    """How long it has lasted, for a sentence in any language: `45 min`, `3 h`."""
    minutes = silence // timedelta(minutes=1)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
