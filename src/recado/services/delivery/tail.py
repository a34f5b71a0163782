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
from recado.domain.delivery import WINDOW, WINDOW_BYTES
from recado.domain.errors import Unavailable
from recado.domain.events import LoggedEvent
from recado.domain.sink import Parcel
from recado.services.bell import Bell
from recado.store import log
from recado.store.database import Database
from recado.store.log import Appended

from .parcels import position_gone, wrap

# Events that another process has committed ring no bell here.
LOOKS_EVERY: Final = timedelta(seconds=1)
_TRIES_AGAIN: Final = timedelta(seconds=1)
# Windows of the past that are kept for others who come by: after a restart all webhooks do, at about the same time.
_REMEMBERED: Final = 4


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
    """Hands each event to whoever wants it: what this process commits as it comes, what others do from the log.

    Nobody is told an event twice, or out of order.
    """

    def __init__(self, database: Database, bell: Bell, clock: Clock, *, looks_every: timedelta = LOOKS_EVERY) -> None:
        self._database = database
        self._bell = bell
        self._clock = clock
        self._looks_every = looks_every
        self._arrivals = Bell()
        self._started = asyncio.Event()
        self._reading = asyncio.Lock()
        self._windows: dict[tuple[int, Wish], Window] = {}
        self._listeners: dict[UUID | None, dict[Listener, Wish]] = defaultdict(dict)
        self.position = 0

    async def run(self) -> None:
        with self._bell.listen(keeps=True) as ear, self._arrivals.listen() as door:
            while True:
                try:
                    is_at_head = self._tell(ear.take()) or await self._advance()
                except Unavailable:
                    await self._clock.sleep(_TRIES_AGAIN)
                    continue
                if is_at_head:
                    await (ear if self._listeners else door).wait(self._looks_every)

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
        """Windows from the database: to `until`, or to the head as it is at the end.

        Raises Gone when some of it has been dropped, and Unavailable.
        """
        while until is None or after < until:
            window, is_whole = await self._window(after, wish)
            if until is not None and window.reached > until:
                parcels = [parcel for parcel in window.parcels if parcel.event.position <= until]
                window = Window(parcels=parcels, reached=until)
            yield window
            after = window.reached
            if is_whole:
                return

    async def _window(self, after: int, wish: Wish) -> tuple[Window, bool]:
        """What follows, and whether that is all. Who comes from the same place with the same wish gets the same."""
        async with self._reading:
            if (known := self._windows.get((after, wish))) is not None:
                return known, False
            head, found = await self._look(after, wish)
            last = max([after, *(event.position for event in found.events[-1:]), *([head] if found.is_whole else [])])
            window = Window(parcels=[wrap(event) for event in found.events], reached=last)
            if found.is_whole:
                self._windows = {key: kept for key, kept in self._windows.items() if key[1] != wish}
            else:
                self._remember(after, wish, window)
            return window, found.is_whole

    def _remember(self, after: int, wish: Wish, window: Window) -> None:
        self._windows[after, wish] = window
        if len(self._windows) > _REMEMBERED:
            del self._windows[next(iter(self._windows))]

    async def _look(self, after: int, wish: Wish) -> tuple[int, log.Found]:
        """The head of the log before, and a part of it. What is dropped in between is noticed after."""
        async with self._database.transaction() as tx:
            head = await log.head(tx)
            found = await log.window(
                tx, after, limit=WINDOW, max_bytes=WINDOW_BYTES, instance_id=wish.instance_id, types=wish.types
            )
            oldest = await log.oldest(tx)
        if after < oldest - 1:
            raise position_gone(after, oldest)
        return head, found

    async def _advance(self) -> bool:
        if not self._listeners:
            await self._skip()
            self._started.set()
            return True
        async with self._database.glance() as tx:
            found = await log.window(tx, self.position, limit=WINDOW, max_bytes=WINDOW_BYTES)
        for event in found.events:
            self._hand_on(event)
        return found.is_whole

    def _tell(self, appended: list[Appended] | None) -> bool:
        """Whether what was handed over with the ring is all there was to tell: then nothing has to be read.

        Positions are in the order of commits: between one and the next there is nothing. A gap may be of a transaction
        that was undone, or of another process: only the log knows.
        """
        if not appended or not self._listeners:
            return False
        for one in sorted(appended, key=lambda one: one.first):
            if not 0 < one.first <= self.position + 1:
                return False
            for event in one.logged(after=self.position):
                self._hand_on(event)
        return True

    def _hand_on(self, event: LoggedEvent) -> None:
        listeners = self._who_wants(event.instance_id, event.type)
        if listeners:
            parcel = wrap(event)
            for listener in listeners:
                listener.hear(parcel)
        self.position = event.position

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
