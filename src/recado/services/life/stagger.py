"""Who dials when: a few side by side, and whoever takes long makes room for the next."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

AT_ONCE: Final = 64
PATIENCE: Final = timedelta(seconds=2)


class Stagger:
    """At most `at_once` turns begin together; one that lasts longer than `patience` is no longer counted."""

    def __init__(self, at_once: int = AT_ONCE, patience: timedelta = PATIENCE) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._patience = patience

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        await self._places.acquire()
        with contextlib.ExitStack() as place:
            place.callback(self._places.release)
            timer = asyncio.get_running_loop().call_later(self._patience.total_seconds(), place.close)
            try:
                yield
            finally:
                timer.cancel()
