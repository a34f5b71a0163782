"""A webhook as people look at it: how it stands, what came of its last deliveries, what still waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from .delivery import Parked
from .webhooks import Webhook

Health = Literal["off", "switched_off", "given_up", "down", "paused", "dead", "waiting", "new", "fine"]
NEEDS_SOMEBODY: Final = frozenset[Health](("switched_off", "given_up", "down"))


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookView(Webhook):
    """`recent` is whether each of its last deliveries arrived, the oldest first; `last_at` when the last was tried.

    `failed_*` is of the last one that did not. `probe_at`: when a receiver that is down is tried next; `next_at`: the
    soonest of the deliveries that wait. `waiting` and `dead` are counted up to 20,000 together.
    """

    rank: int
    probe_at: datetime | None
    next_at: datetime | None
    recent: Sequence[bool]
    last_at: datetime | None
    failed_at: datetime | None
    failed_status: int | None
    failed_error: str | None

    @property
    def health(self) -> Health:
        """The first of these that is so."""
        if self.state == "disabled":
            return "switched_off" if self.state_reason is not None else "off"
        if self.state == "paused":
            return "given_up" if self.state_reason is not None else "paused"
        if self.failing_since is not None:
            return "down"
        if self.dead:
            return "dead"
        if self.waiting:
            return "waiting"
        return "fine" if self.recent else "new"

    @property
    def next_try(self) -> datetime | None:
        """When something is tried again by itself; None when nothing is to be, or nobody delivers now."""
        if self.state != "active":
            return None
        return self.probe_at if self.failing_since is not None else self.next_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedEvent(Parked):
    """With what stands at that position; both None when the log no longer keeps it."""

    type: str | None
    time: datetime | None
