"""All lanes of one webhook: whose turn it is, who wakes when, and how much is parked."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime

from recado.domain.delivery import IN_FLIGHT, Parked
from recado.domain.sink import Parcel

from .lane import Lane, LaneKey, order_key


class Lanes:
    """At most `IN_FLIGHT` lanes are under way; the others that have something stand in line."""

    def __init__(self, rows: Iterable[Parked]) -> None:
        self._lanes: dict[LaneKey, Lane] = {}
        self._line: deque[Lane] = deque()
        self._waking: list[tuple[datetime, int, Lane]] = []
        self._pushed = 0
        self._under_way = 0
        self.parked_count = 0
        for row in rows:
            self.park(self._of(row.order_key or row.position), row)

    def __iter__(self) -> Iterator[Lane]:
        return iter(list(self._lanes.values()))

    @property
    def is_quiet(self) -> bool:
        return self._under_way == 0

    def of(self, parcel: Parcel) -> Lane:
        """The lane of this event's chat, made when there is none."""
        return self._of(order_key(parcel.event) or parcel.event.position)

    def park(self, lane: Lane, row: Parked) -> None:
        self.parked_count -= lane.parked_count
        lane.put(row)
        self.parked_count += lane.parked_count

    def unpark(self, lane: Lane, position: int) -> None:
        self.parked_count -= lane.parked_count
        lane.drop(position)
        self.parked_count += lane.parked_count

    def enter(self, lane: Lane) -> bool:
        """Mark it as busy; True when it may start now, False when it has to stand in line or is busy already."""
        if lane.is_busy:
            return False
        lane.is_busy = True
        if self._under_way >= IN_FLIGHT:
            self._line.append(lane)
            return False
        self._under_way += 1
        return True

    def leave(self, lane: Lane, now: datetime) -> Lane | None:
        """This one has nothing to do for now; the next in line takes its place, if there is one."""
        self.rest(lane, now)
        if self._line:
            return self._line.popleft()
        self._under_way -= 1
        return None

    def rest(self, lane: Lane, now: datetime) -> None:
        """Let it sleep until there is something to do."""
        lane.is_busy = False
        if lane.is_empty:
            if self._lanes.get(lane.key) is lane:
                del self._lanes[lane.key]
            return
        wakes_at = lane.wakes_at(now)
        if wakes_at is not None and wakes_at != lane.alarm:
            lane.alarm = wakes_at
            self._pushed += 1
            heapq.heappush(self._waking, (wakes_at, self._pushed, lane))

    @property
    def wakes_at(self) -> datetime | None:
        return self._waking[0][0] if self._waking else None

    def woken(self, now: datetime) -> list[Lane]:
        """Those whose time has come and who are not busy."""
        woken = []
        while self._waking and self._waking[0][0] <= now:
            lane = heapq.heappop(self._waking)[2]
            lane.alarm = None
            woken.append(lane)
        return [lane for lane in woken if not lane.is_busy]

    def candidate(self) -> tuple[Lane, Parked | Parcel] | None:
        """What to try on a receiver that is down: the oldest fresh event, else the parked one that is due first."""
        idle = [lane for lane in self._lanes.values() if not lane.is_busy]
        fresh = min((lane for lane in idle if lane.fresh), key=lambda lane: lane.fresh[0].event.position, default=None)
        if fresh is not None:
            return fresh, fresh.fresh[0]
        waiting = [(row.next_at, lane, row) for lane in idle for row in lane.parked if row.next_at is not None]
        if not waiting:
            return None
        _, lane, row = min(waiting, key=lambda entry: entry[0])
        return lane, row

    def _of(self, key: LaneKey) -> Lane:
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(key)
        return lane
