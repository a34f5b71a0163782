"""One chat's way to one webhook: what is parked first, then what is fresh, one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from recado.domain.delivery import Parked, forgive
from recado.domain.events import LoggedEvent
from recado.domain.sink import Parcel

LaneKey: TypeAlias = UUID | int


def order_key(event: LoggedEvent) -> UUID | None:
    """What an event keeps its order with: its chat, else its instance, else nothing."""
    return event.chat_id or event.instance_id


class Lane:
    """`is_busy` while somebody delivers for it or it stands in line; `alarm` is when it has asked to be woken."""

    def __init__(self, key: LaneKey) -> None:
        self.key = key
        self.is_busy = False
        self.alarm: datetime | None = None
        self._parked: dict[int, Parked] = {}
        self.fresh: deque[Parcel] = deque()

    @property
    def is_empty(self) -> bool:
        return not self._parked and not self.fresh

    @property
    def order_key(self) -> UUID | None:
        return self.key if isinstance(self.key, UUID) else None

    @property
    def parked_count(self) -> int:
        return len(self._parked)

    @property
    def parked(self) -> Iterable[Parked]:
        return self._parked.values()

    def put(self, row: Parked) -> None:
        """Add or replace. Rows are added in the order of their positions."""
        self._parked[row.position] = row

    def drop(self, position: int) -> None:
        self._parked.pop(position, None)

    def is_blocked(self, now: datetime) -> bool:
        return any(row.blocks(now) for row in self._parked.values())

    def next(self, now: datetime) -> Parked | Parcel | None:
        """What may be tried now: the first parked one whose time has come, or the first fresh one."""
        for row in self._parked.values():
            if row.state == "held" or (row.next_at is not None and row.next_at <= now):
                return row
            if row.blocks(now):
                return None
        return self.fresh[0] if self.fresh else None

    def wakes_at(self, now: datetime) -> datetime | None:
        """When there will be something to try, if there is nothing now; None when only a new event can bring it."""
        times: list[datetime] = []
        for row in self._parked.values():
            if row.next_at is not None:
                times.append(row.next_at)
            if row.blocks(now):
                if row.blocks_until is not None and len(self._parked) > 1:
                    times.append(row.blocks_until)
                break
        return min(times, default=None)

    def forgive(self, down_since: datetime, now: datetime) -> list[Parked]:
        """The rows that change because the receiver was down since then and is up again, as they are from now on."""
        renewed = ((row, forgive(row, down_since=down_since, now=now)) for row in self._parked.values())
        return [after for before, after in renewed if after != before]
