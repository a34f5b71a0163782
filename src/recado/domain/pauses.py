"""When WhatsApp lets a number start no new chats: for how long messages to people who never wrote wait, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from .engine import Notice

Reason = Literal["time_lock", "new_chats_refused"]

NOTICE: Final = "NotifyAccountReachoutTimelock"
NEW_CHAT_REFUSED: Final = 463
UNTOLD: Final = timedelta(hours=24)
WAITS: Final = tuple(timedelta(hours=hours) for hours in (1, 2, 4, 8, 16, 24))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """`time_lock`: WhatsApp has said until when; `new_chats_refused`: it refused one, and after `until` one is tried.

    `strikes` counts the refusals in a row. A pause that is over is kept for that count.
    """

    reason: Reason
    since: datetime
    until: datetime
    strikes: int = 0

    def is_active(self, now: datetime) -> bool:
        return now < self.until


def locked(until: datetime, now: datetime, before: Pause | None = None) -> Pause:
    """WhatsApp says that no new chats may be started until then."""
    is_same = before is not None and before.reason == "time_lock" and before.is_active(now)
    since = before.since if before is not None and is_same else now
    return Pause(reason="time_lock", since=since, until=until, strikes=before.strikes if before else 0)


def refused(now: datetime, before: Pause | None = None) -> Pause:
    """WhatsApp has refused a new chat; what was under way at the same time counts once."""
    if before is not None and before.is_active(now):
        return before
    strikes = (before.strikes if before is not None else 0) + 1
    wait = WAITS[min(strikes, len(WAITS)) - 1]
    return Pause(reason="new_chats_refused", since=now, until=now + wait, strikes=strikes)


def ended(pause: Pause, now: datetime) -> Pause:
    """WhatsApp says that it is over."""
    return replace(pause, until=min(pause.until, now))


def end_told_by(notice: Notice, now: datetime) -> datetime | None:
    """Until when that notice locks new chats: `now` when it says that they are open; None when it is another notice."""
    if notice.name != NOTICE or not isinstance(notice.value, Mapping):
        return None
    if notice.value.get("is_active") is not True:
        return now
    return _moment(notice.value.get("time_enforcement_ends")) or now + UNTOLD


def _moment(seconds: Any) -> datetime | None:
    """Seconds since 1970, as text or number."""
    try:
        return datetime.fromtimestamp(float(seconds), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
