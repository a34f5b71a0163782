"""Waiting until a moment comes or somebody rings before."""

from __future__ import annotations

import asyncio
from datetime import datetime

from recado.clock import Clock


class Alarm:
    """`ring` ends the wait that is going on, or the next one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, until: datetime | None) -> None:
        """Return at that moment, or when rung; None: only when rung."""
        if until is None or self._rung.is_set():
            await self._rung.wait()
        else:
            await self._first_of(until)
        self._rung.clear()

    async def _first_of(self, until: datetime) -> None:
        waits = [
            asyncio.ensure_future(self._rung.wait()),
            asyncio.ensure_future(self._sleep(until)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _sleep(self, until: datetime) -> None:
        """How long is reckoned when it begins, not when it was asked for."""
        await self._clock.sleep(until - self._clock.now())
