"""What can come of handing an event to a receiver, and when it is tried again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from .events import LoggedEvent

SCHEDULE: Final = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=8),
)
THEN_EVERY: Final = timedelta(hours=24)
JITTER: Final = timedelta(hours=2)
GIVE_UP_AFTER: Final = timedelta(hours=72)
CHAT_WAITS_AT_MOST: Final = timedelta(minutes=15)
WINDOW: Final = 500
WINDOW_BYTES: Final = 8 * 1024 * 1024
IN_FLIGHT: Final = 50
DOWN_AFTER: Final = 10
MOST_PARKED: Final = 10_000
_PROBE_SOONEST: Final = timedelta(seconds=5)
_PROBE_LATEST: Final = timedelta(seconds=60)
_ABOUT_THE_EVENT: Final = frozenset({400, 406, 409, 411, 412, 413, 414, 415, 416, 417, 422, 428, 431, 451})


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The receiver took it. `answer` holds the first characters of what it said."""

    status: int | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """It may work later. `status` is None when there was no answer at all; `retry_after` is what the receiver asked."""

    error: str
    status: int | None = None
    answer: str | None = None
    retry_after: timedelta | None = None

    @property
    def blames_receiver(self) -> bool:
        """Whether the answer speaks of the receiver as a whole rather than of this one event."""
        return self.status not in _ABOUT_THE_EVENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The receiver wants nothing any more: 410 Gone, or a live client that has left."""

    error: str
    status: int | None = None
    answer: str | None = None


Outcome = Delivered | Failed | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a delivery, kept for people to read. `attempt` counts from 1 for each event."""

    id: UUID
    webhook_id: UUID
    position: int
    event_id: UUID
    attempt: int
    at: datetime
    duration_ms: int
    status: int | None
    error: str | None
    answer: str | None


def attempt_at(
    event: LoggedEvent,
    outcome: Outcome,
    *,
    id: UUID,
    webhook_id: UUID,
    attempt: int,
    started: datetime,
    ended: datetime,
) -> Attempt:
    """What is kept of one try."""
    return Attempt(
        id=id,
        webhook_id=webhook_id,
        position=event.position,
        event_id=event.id,
        attempt=attempt,
        at=started,
        duration_ms=round((ended - started).total_seconds() * 1000),
        status=outcome.status,
        error=None if isinstance(outcome, Delivered) else outcome.error,
        answer=outcome.answer,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """An event that the cursor has passed and that is not delivered yet.

    `waiting`: tried, and to be tried again at `next_at`; its chat waits behind it until `blocks_until`.
    `held`: not tried yet, because it stands behind a waiting one. `dead`: given up; only a replay brings it back.
    """

    position: int
    order_key: UUID | None
    state: Literal["waiting", "held", "dead"]
    attempts: int = 0
    first_attempt_at: datetime | None = None
    next_at: datetime | None = None
    blocks_until: datetime | None = None

    def blocks(self, now: datetime) -> bool:
        """Whether what follows in its chat has to wait."""
        if self.state == "waiting":
            return self.blocks_until is not None and self.blocks_until > now
        return self.state == "held"


def hold(position: int, order_key: UUID | None) -> Parked:
    return Parked(position=position, order_key=order_key, state="held")


def park(parked: Parked, failed: Failed, *, now: datetime, jitter: float = 0.5, may_die: bool = True) -> Parked:
    """The row after one more failure: waiting by the schedule, or dead when its 72 hours are over.

    `jitter` (0 … 1) spreads what waits for a day. Without `may_die` it waits on: its receiver is down as a whole.
    """
    first = parked.first_attempt_at or now
    attempts = parked.attempts + 1
    retry_after = failed.retry_after
    next_at = next_attempt_at(
        attempts=attempts, first_attempt_at=first, now=now, retry_after=retry_after, jitter=jitter
    )
    if next_at is None and not may_die:
        next_at = now + THEN_EVERY
    if next_at is None:
        return replace(parked, state="dead", attempts=attempts, first_attempt_at=first, next_at=None, blocks_until=None)
    return replace(
        parked,
        state="waiting",
        attempts=attempts,
        first_attempt_at=first,
        next_at=next_at,
        blocks_until=parked.blocks_until or now + CHAT_WAITS_AT_MOST,
    )


def next_attempt_at(
    *,
    attempts: int,
    first_attempt_at: datetime,
    now: datetime,
    retry_after: timedelta | None = None,
    jitter: float = 0.5,
) -> datetime | None:
    """When to try again after `attempts` (≥ 1) failures, at the latest 72 hours after the first; None past that.

    The waits of a day are two hours shorter or longer, by `jitter` (0 … 1), so that what failed together comes apart.
    """
    last_chance = first_attempt_at + GIVE_UP_AFTER
    if now >= last_chance:
        return None
    wait = SCHEDULE[attempts - 1] if attempts <= len(SCHEDULE) else THEN_EVERY + JITTER * (2 * jitter - 1)
    if retry_after is not None:
        wait = max(wait, min(retry_after, THEN_EVERY))
    return min(now + wait, last_chance)


def forgive(parked: Parked, *, down_since: datetime, now: datetime) -> Parked:
    """The row once a receiver that was down is up again: the time between counts for nobody.

    What first failed in that time counts as not tried yet and is due at once; what had failed before keeps what it had
    left of its 72 hours, and its chat what it had left of its 15 minutes.
    """
    first, blocks_until, outage = parked.first_attempt_at, parked.blocks_until, now - down_since
    if parked.state != "waiting" or first is None:
        return parked
    if first >= down_since:
        return replace(parked, attempts=0, first_attempt_at=None, next_at=now, blocks_until=now + CHAT_WAITS_AT_MOST)
    still_blocked = blocks_until is not None and blocks_until > down_since
    return replace(
        parked,
        first_attempt_at=first + outage,
        blocks_until=blocks_until + outage if blocks_until is not None and still_blocked else blocks_until,
    )


def probe_delay(*, failing_since: datetime, now: datetime, retry_after: timedelta | None = None) -> timedelta:
    """How long a receiver that is down is left alone: as long as it has been down, between 5 and 60 seconds."""
    wait = min(max(now - failing_since, _PROBE_SOONEST), _PROBE_LATEST)
    if retry_after is not None:
        wait = max(wait, min(retry_after, SCHEDULE[4]))
    return wait
