"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

from recado.domain import ids

START = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


class StillClock:
    """Time moves by `advance` and `set` alone; ids come from a seed, in growing order."""

    def __init__(self, start: datetime = START, seed: int = 0) -> None:
        self._now = start
        self._random = random.Random(seed)
        self._made = 0
        self._sleepers: list[tuple[datetime, asyncio.Event]] = []
        self._changed = asyncio.Event()

    def now(self) -> datetime:
        return self._now

    async def sleep(self, duration: timedelta) -> None:
        if duration <= timedelta(0):
            await asyncio.sleep(0)
            return
        sleeper = (self._now + duration, asyncio.Event())
        self._sleepers.append(sleeper)
        self._changed.set()
        try:
            await sleeper[1].wait()
        finally:
            self._sleepers.remove(sleeper)

    def new_id(self) -> UUID:
        self._made += 1
        return ids.uuid7(round(self._now.timestamp() * 1000), self._made.to_bytes(4, "big") + self._random.randbytes(6))

    def new_wa_id(self) -> str:
        return ids.wa_id(self._random.randbytes(9))

    @property
    def due(self) -> list[datetime]:
        """When each of the sleepers will wake, the next one first."""
        return sorted(moment for moment, event in self._sleepers if not event.is_set())

    def advance(self, duration: timedelta) -> None:
        """Let time pass at once, and wake whoever is due; they run when the caller next waits."""
        self.set(self._now + duration)

    def set(self, moment: datetime) -> None:
        """Make it this time, backwards too."""
        self._now = moment
        for due, event in self._sleepers:
            if due <= moment:
                event.set()

    async def until_asleep(self, count: int = 1) -> None:
        """Return when at least `count` sleepers wait; the guard is only against hanging."""
        async with asyncio.timeout(60):
            while len(self.due) < count:
                self._changed.clear()
                await self._changed.wait()
