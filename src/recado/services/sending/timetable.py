"""When somebody's turn comes by itself: one moment for each, waited for together."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from recado.clock import Clock
from recado.services.alarm import Alarm


class Timetable:
    """`wake` is called for each whose moment has come; `run` has to be alive for it."""

    def __init__(self, clock: Clock, wake: Callable[[UUID], None]) -> None:
        self._clock = clock
        self._wake = wake
        self._moments: dict[UUID, datetime] = {}
        self._order: list[tuple[datetime, UUID]] = []
        self._alarm = Alarm(clock)

    def set(self, who: UUID, moment: datetime | None) -> None:
        """Its moment from now on; None: it has none."""
        if moment is None:
            self._moments.pop(who, None)
        elif self._moments.get(who) != moment:
            self._moments[who] = moment
            heapq.heappush(self._order, (moment, who))
            if self._order[0] == (moment, who):
                self._alarm.ring()

    async def run(self) -> None:
        while True:
            self._call(self._clock.now())
            await self._alarm.wait(self._order[0][0] if self._order else None)

    def _call(self, now: datetime) -> None:
        while self._order and (self._order[0][0] <= now or self._is_stale(*self._order[0])):
            moment, who = heapq.heappop(self._order)
            if self._moments.get(who) == moment:
                del self._moments[who]
                self._wake(who)

    def _is_stale(self, moment: datetime, who: UUID) -> bool:
        return self._moments.get(who) != moment
