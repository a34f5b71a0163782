"""The one reader at the head of the log, for all webhooks and live streams that have caught up."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from recado.clock import Clock
from recado.domain.delivery import WINDOW
from recado.domain.errors import Unavailable
from recado.domain.sink import Parcel
from recado.store import log
from recado.store.database import Database

from .bell import Bell
from .parcels import wrap

# Events that another process has committed ring no bell here.
LOOKS_EVERY: Final = timedelta(seconds=1)
_TRIES_AGAIN: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which events somebody wants: of one instance or of all, of some types or of all."""

    instance_id: UUID | None = None
    types: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Some wanted events in order, and the position up to which there are no others."""

    parcels: list[Parcel]
    reached: int


class Listener(Protocol):
    """Somebody at the head of the log."""

    def hear(self, parcel: Parcel) -> None:
        """Take it; must not block and must not raise."""


class Tail:
    """Reads each event once and hands it to whoever wants it. Nobody is told an event twice, or out of order."""

    def __init__(self, database: Database, bell: Bell, clock: Clock) -> None:
        self._database = database
        self._bell = bell
        self._clock = clock
        self._arrivals = Bell()
        self._started = asyncio.Event()
        self._listeners: dict[UUID | None, dict[Listener, Wish]] = defaultdict(dict)
        self.position = 0

    async def run(self) -> None:
        with self._bell.listen() as ear, self._arrivals.listen() as door:
            while True:
                try:
                    is_at_head = await self._advance()
                except Unavailable:
                    await self._clock.sleep(_TRIES_AGAIN)
                    continue
                if is_at_head:
                    await (ear if self._listeners else door).wait(LOOKS_EVERY)

    @property
    def audience(self) -> int:
        """How many listen at the head of the log now."""
        return sum(len(group) for group in self._listeners.values())

    def ring(self) -> None:
        """Say that something has been appended."""
        self._bell.ring()

    @contextlib.asynccontextmanager
    async def join(self, listener: Listener, wish: Wish) -> AsyncIterator[int]:
        """Hear every wanted event after the position that this gives, until the end of the block."""
        await self._started.wait()
        with contextlib.suppress(Unavailable):
            await self._skip()
        self._listeners[wish.instance_id][listener] = wish
        self._arrivals.ring()
        try:
            yield self.position
        finally:
            self._listeners[wish.instance_id].pop(listener, None)
            if not self._listeners[wish.instance_id]:
                del self._listeners[wish.instance_id]

    async def catch_up(self, after: int, wish: Wish, *, until: int | None = None) -> AsyncGenerator[Window, None]:
        """Windows from the database: to `until`, or to the head as it is at the end. Raises Unavailable."""
        while until is None or after < until:
            async with self._database.transaction() as tx:
                head = await log.head(tx)
                events = await log.read(tx, after, WINDOW, instance_id=wish.instance_id, types=wish.types)
            has_seen_all = len(events) < WINDOW
            after = max([after, head, *(event.position for event in events)] if has_seen_all else [events[-1].position])
            if until is not None:
                events = [event for event in events if event.position <= until]
                after = min(after, until)
            yield Window(parcels=[wrap(event) for event in events], reached=after)
            if has_seen_all:
                return

    async def _advance(self) -> bool:
        if not self._listeners:
            await self._skip()
            self._started.set()
            return True
        async with self._database.glance() as tx:
            events = await log.read(tx, self.position, WINDOW)
        for event in events:
            listeners = self._who_wants(event.instance_id, event.type)
            if listeners:
                parcel = wrap(event)
                for listener in listeners:
                    listener.hear(parcel)
            self.position = event.position
        return len(events) < WINDOW

    async def _skip(self) -> None:
        """Go to the head of the log while nobody listens; what comes for nobody is not read."""
        if self._listeners:
            return
        async with self._database.glance() as tx:
            head = await log.head(tx)
        if not self._listeners:
            self.position = head

    def _who_wants(self, instance_id: UUID | None, type: str) -> list[Listener]:
        groups = (None,) if instance_id is None else (None, instance_id)
        return [
            listener
            for group in groups
            for listener, wish in self._listeners.get(group, _NOBODY).items()
            if wish.types is None or type in wish.types
        ]


_NOBODY: Final[dict[Listener, Wish]] = {}
