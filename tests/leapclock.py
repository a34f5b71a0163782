"""A clock that goes as the real one does and can be made to leap forwards, for stories that last for hours or days."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta

from recado.clock import SystemClock


class LeapClock(SystemClock):
    """Whoever sleeps into the time that is leapt over wakes at once."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)
        self._leapt = asyncio.Event()

    def now(self) -> datetime:
        return super().now() + self._ahead

    async def sleep(self, duration: timedelta) -> None:
        until = self.now() + duration
        await asyncio.sleep(0)
        while (left := (until - self.now()).total_seconds()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._leapt.wait()

    def leap(self, duration: timedelta) -> None:
        self._ahead += duration
        self._leapt.set()
        self._leapt = asyncio.Event()
