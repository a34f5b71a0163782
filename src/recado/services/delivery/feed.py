"""The events that one cursor wants: from the database while it is behind, from the tail once it is at the head."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from recado.domain.delivery import WINDOW
from recado.domain.sink import Parcel

from .tail import Tail, Window, Wish

_PLACES: Final = 2 * WINDOW


class Seat:
    """A cursor's place at the head, with room for `places` events; whoever has more waiting has fallen behind."""

    def __init__(self, places: int = _PLACES) -> None:
        self._places = places
        self._waiting: deque[Parcel] = deque()
        self._rung = asyncio.Event()
        self.has_fallen_behind = False

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    def hear(self, parcel: Parcel) -> None:
        if len(self._waiting) >= self._places:
            self.has_fallen_behind = True
        elif not self.has_fallen_behind:
            self._waiting.append(parcel)
        self._rung.set()

    async def taken(self) -> list[Parcel]:
        """Everything that waits, once there is something."""
        while not self._waiting and not self.has_fallen_behind:
            self._rung.clear()
            await self._rung.wait()
        parcels = list(self._waiting)
        self._waiting.clear()
        return parcels


class Feed:
    """Every wanted event after a position, in order and once, in windows, for as long as somebody reads."""

    def __init__(self, tail: Tail, after: int, wish: Wish) -> None:
        self._tail = tail
        self._wish = wish
        self._given = after
        self._seat: Seat | None = None

    @property
    def idle_at(self) -> int | None:
        """While the reader waits for more: the position up to which it has had everything. None while it is at work."""
        if self._seat is not None and self._seat.is_empty and not self._seat.has_fallen_behind:
            return max(self._given, self._tail.position)
        return None

    async def windows(self) -> AsyncGenerator[Window, None]:
        while True:
            async with aclosing(self._behind()) as windows:
                async for window in windows:
                    yield window
            async with aclosing(self._at_the_head()) as windows:
                async for window in windows:
                    yield window

    async def _behind(self, until: int | None = None) -> AsyncGenerator[Window, None]:
        async with aclosing(self._tail.catch_up(self._given, self._wish, until=until)) as windows:
            async for window in windows:
                self._given = window.reached
                yield window

    async def _at_the_head(self) -> AsyncGenerator[Window, None]:
        seat = Seat()
        async with self._tail.join(seat, self._wish) as start:
            async with aclosing(self._behind(until=start)) as windows:
                async for window in windows:
                    yield window
            while not seat.has_fallen_behind or not seat.is_empty:
                parcels = [parcel for parcel in await self._taken(seat) if parcel.event.position > self._given]
                if parcels:
                    reached = parcels[-1].event.position if seat.has_fallen_behind else self._tail.position
                    self._given = max(self._given, reached)
                    yield Window(parcels=parcels, reached=self._given)

    async def _taken(self, seat: Seat) -> list[Parcel]:
        """What comes to the seat. Who is called away while waiting for it has not had what comes afterwards."""
        self._seat = seat
        try:
            return await seat.taken()
        finally:
            self._seat = None
