"""A sink in memory whose answers the test plays, for tests of dispatch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from recado.domain.delivery import Delivered, Outcome, Refused
from recado.domain.sink import Parcel


async def takes(_: Parcel) -> Outcome:
    return Delivered(status=200)


class FakeSink:
    """`tried` holds every call, `taken` what was answered with Delivered."""

    def __init__(self, answer: Callable[[Parcel], Awaitable[Outcome]] = takes) -> None:
        self.answer = answer
        self.tried: list[Parcel] = []
        self.taken: list[Parcel] = []
        self._is_closed = False
        self._changed = asyncio.Condition()

    async def deliver(self, parcel: Parcel) -> Outcome:
        if self._is_closed:
            return Refused(error="closed")
        await self._note(self.tried, parcel)
        outcome = await self.answer(parcel)
        if isinstance(outcome, Delivered):
            await self._note(self.taken, parcel)
        return outcome

    async def close(self) -> None:
        self._is_closed = True

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(is_so)

    async def _note(self, where: list[Parcel], parcel: Parcel) -> None:
        async with self._changed:
            where.append(parcel)
            self._changed.notify_all()
