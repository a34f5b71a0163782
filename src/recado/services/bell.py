"""A bell that is rung after a commit, so that whoever reads the log wakes at once instead of polling."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import timedelta


class Bell:
    """Many may wait; a ring wakes all. A ring while nobody waits is remembered by each `Ear`."""

    def __init__(self) -> None:
        self._ears: set[Ear] = set()

    def ring(self) -> None:
        for ear in self._ears:
            ear.rung.set()

    @contextlib.contextmanager
    def listen(self) -> Iterator[Ear]:
        ear = Ear()
        self._ears.add(ear)
        try:
            yield ear
        finally:
            self._ears.discard(ear)


class Ear:
    """One listener's place at the bell."""

    def __init__(self) -> None:
        self.rung = asyncio.Event()

    async def wait(self, timeout: timedelta | None = None) -> bool:
        """Wait for a ring since the last wait; False when the time ran out first."""
        try:
            async with asyncio.timeout(timeout.total_seconds() if timeout is not None else None):
                await self.rung.wait()
        except TimeoutError:
            return False
        self.rung.clear()
        return True
