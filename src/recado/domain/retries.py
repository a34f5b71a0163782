"""When to try again: the waits, as numbers."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import Final


class Retry(Enum):
    """How the next attempt is timed; the value is the sentence for the documentation."""

    NEVER = "no attempt"
    ROUTINE = "at once; again within a minute: as below"
    BACKOFF = "5 s, doubling with jitter up to 5 min"
    STORAGE = "1, 2, 5, 5 … s"
    HOST = "when the host is back"
    TAKE_BACK = "after a minute, at most 3 times an hour"
    BAN = "when the ban ends"
    OUTDATED = "every 6 h"


FIRST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(minutes=5)
STABLE_AFTER: Final = timedelta(minutes=1)
ROUTINE_ONCE_IN: Final = timedelta(minutes=1)
STORAGE_WAITS: Final = (timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=5))
HOST_PATIENCE: Final = timedelta(seconds=60)
TAKE_BACK_AFTER: Final = timedelta(minutes=1)
TAKE_BACK_WINDOW: Final = timedelta(hours=1)
TAKE_BACK_LIMIT: Final = 3
OUTDATED_WAIT: Final = timedelta(hours=6)
_JITTER: Final = 0.2


def backoff(streak: int, jitter: float) -> timedelta:
    """The wait before attempt `streak` in a row (1, 2, …): 5 s exactly, then doubled, ±20 % by `jitter` (0 … 1)."""
    if streak <= 1:
        return FIRST_WAIT
    doubled: timedelta = FIRST_WAIT * 2 ** min(streak - 1, 10)
    spread = 1 - _JITTER + 2 * _JITTER * jitter
    return min(LONGEST_WAIT, min(LONGEST_WAIT, doubled) * spread)


def storage_wait(streak: int) -> timedelta:
    """The wait before asking a database that failed for the `streak`-th time in a row (1, 2, …)."""
    return STORAGE_WAITS[min(max(streak, 1), len(STORAGE_WAITS)) - 1]


def recent(takeovers: tuple[datetime, ...], now: datetime) -> tuple[datetime, ...]:
    """Those of the last hour."""
    return tuple(at for at in takeovers if now - at < TAKE_BACK_WINDOW)
