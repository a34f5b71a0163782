"""The send queue of an instance as people see it: how much waits, since when, and what holds it up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .instances import Instance
from .pauses import Pause
from .sending import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounts:
    """`queued` wait in the line, `under_way` are being sent, `scheduled` have an appointment (`next_send_at`).

    `to_strangers` of the queued are for people who have never written.
    """

    queued: int
    under_way: int
    scheduled: int
    to_strangers: int
    oldest_at: datetime | None
    next_send_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """What holds messages up, all or only those to new chats; `until` is None when nobody knows."""

    reason: str
    until: datetime | None
    is_for_all: bool

    def holds(self, lane: Lane) -> bool:
        return self.is_for_all or lane == "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    counts: QueueCounts
    halt: Halt | None


def halt_of(instance: Instance, pause: Pause | None) -> Halt | None:
    """What holds messages of the instance up now; `pause` is the one that is active."""
    if instance.status != "connected":
        until = instance.next_at if instance.state == "blocked" else None
        return Halt(reason=instance.reason or instance.state, until=until, is_for_all=True)
    if pause is not None:
        return Halt(reason=pause.reason, until=pause.until, is_for_all=False)
    return None
