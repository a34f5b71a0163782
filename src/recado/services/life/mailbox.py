"""What waits to be heard, in the order in which it came."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Generic, TypeVar

from recado.clock import Clock
from recado.services.alarm import Alarm

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Anybody may `put`; one reader takes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._items: deque[T] = deque()
        self._alarm = Alarm(clock)

    def put(self, item: T) -> None:
        self._items.append(item)
        self._alarm.ring()

    async def take(self, until: datetime | None) -> T | None:
        """The next item, waiting for it up to that moment; None when the moment came first."""
        while not self._items:
            if until is not None and self._clock.now() >= until:
                return None
            await self._alarm.wait(until)
        return self._items.popleft()

    def empty(self) -> list[T]:
        """Take all that is left."""
        left = list(self._items)
        self._items.clear()
        return left
