"""A bell that is rung after a commit, so that whoever reads the log wakes at once instead of polling.

What was appended to the log may be handed over with the ring, so that nobody in this process has to read it again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from recado.store.log import Appended

# Who is busy for so long that more has come reads the log.
_KEEPS_BYTES: Final = 1 << 20


class Bell:
    """Many may wait; a ring wakes all. A ring while nobody waits is remembered by each `Ear`."""

    def __init__(self) -> None:
        self._ears: set[Ear] = set()

    def ring(self, appended: Appended | None = None) -> None:
        for ear in self._ears:
            ear.hear(appended)

    @contextlib.contextmanager
    def listen(self, *, keeps: bool = False) -> Iterator[Ear]:
        """With `keeps`, what is handed over waits to be taken."""
        ear = Ear(keeps=keeps)
        self._ears.add(ear)
        try:
            yield ear
        finally:
            self._ears.discard(ear)


class Ear:
    """One listener's place at the bell."""

    def __init__(self, *, keeps: bool = False) -> None:
        self.rung = asyncio.Event()
        self._kept: list[Appended] | None = []
        self._capacity = self._room = _KEEPS_BYTES if keeps else 0

    def hear(self, appended: Appended | None) -> None:
        self.rung.set()
        if self._kept is None or appended is None or appended.size > self._room:
            self._kept = None
        else:
            self._kept.append(appended)
            self._room -= appended.size

    def take(self) -> list[Appended] | None:
        """What was handed over since the last time; None when that is not all, and the log has to be read."""
        kept, self._kept, self._room = self._kept, [], self._capacity
        return kept

    async def wait(self, timeout: timedelta | None = None) -> bool:
        """Wait for a ring since the last wait; False when the time ran out first."""
        try:
            async with asyncio.timeout(timeout.total_seconds() if timeout is not None else None):
                await self.rung.wait()
        except TimeoutError:
            return False
        self.rung.clear()
        return True
