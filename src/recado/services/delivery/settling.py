"""What has come of deliveries and is not written yet: gathered for a moment, then written as one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from recado.clock import Clock
from recado.domain.delivery import Attempt, Parked
from recado.domain.errors import Unavailable
from recado.domain.events import NewEvent
from recado.domain.webhooks import State
from recado.store import days, deliveries, log, webhooks
from recado.store.database import Database
from recado.store.deliveries import Cursor, Settlement
from recado.telemetry import EVENTS

GATHERS_FOR: Final = timedelta(milliseconds=100)
_IS_PLENTY: Final = 250
_IDLE_CURSOR_EVERY: Final = timedelta(seconds=60)
_TRIES_AGAIN: Final = timedelta(seconds=1)


class LostFence(Exception):
    """Somebody else looks after this webhook now: nothing may be written for it any more."""


class Settling:
    """The books of one webhook, written under one fence. `cursor` is asked when writing; `ring` after new events."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        webhook_id: UUID,
        fence: int,
        cursor: Callable[[], Cursor],
        ring: Callable[[], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._webhook_id = webhook_id
        self._fence = fence
        self._cursor = cursor
        self._ring = ring
        self._written: Cursor | None = None
        self._attempts: list[Attempt] = []
        self._parked: dict[int, Parked | None] = {}
        self._events: list[NewEvent] = []
        self._switch_off: tuple[State, str] | None = None
        self._days: set[date] = set()
        self._due = asyncio.Event()
        self._plenty = asyncio.Event()

    def tried(self, attempt: Attempt) -> None:
        self._attempts.append(attempt)
        self._due.set()
        if len(self._attempts) >= _IS_PLENTY:
            self._plenty.set()

    def park(self, row: Parked) -> None:
        self._parked[row.position] = row
        self._due.set()

    def unpark(self, position: int) -> None:
        self._parked[position] = None
        self._due.set()

    def tell(self, event: NewEvent) -> None:
        """Put an event about the webhook itself into the log."""
        self._events.append(event)
        self._due.set()

    def switch_off(self, state: State, reason: str) -> None:
        self._switch_off = (state, reason)
        self._due.set()

    async def run(self) -> None:
        """Write whenever there is something, and a cursor that only moves past what nobody wants now and then."""
        while True:
            await _within(self._due, _IDLE_CURSOR_EVERY)
            if self._due.is_set():
                await _within(self._plenty, GATHERS_FOR)
            try:
                await self.write()
            except Unavailable:
                await self._clock.sleep(_TRIES_AGAIN)

    async def write(self) -> None:
        """One transaction with all of it. Raises Unavailable, then nothing is lost, and LostFence."""
        self._due.clear()
        self._plenty.clear()
        cursor = self._cursor()
        attempts, self._attempts = self._attempts, []
        parked, self._parked = self._parked, {}
        events, self._events = self._events, []
        if cursor == self._written and not (attempts or parked or events or self._switch_off):
            return
        try:
            await self._commit(cursor, attempts, parked, events)
        except BaseException:
            self._attempts = attempts + self._attempts
            self._parked = parked | self._parked
            self._events = events + self._events
            self._due.set()
            raise
        self._written = cursor

    async def _commit(
        self, cursor: Cursor, attempts: list[Attempt], parked: dict[int, Parked | None], events: list[NewEvent]
    ) -> None:
        settlement = Settlement(
            cursor=cursor,
            parked=[row for row in parked.values() if row is not None],
            unparked=[position for position, row in parked.items() if row is None],
            attempts=attempts,
        )
        now = self._clock.now()
        async with self._database.transaction() as tx:
            for day in {attempt.at.date() for attempt in attempts} - self._days:
                await days.ensure(tx, "delivery_attempts", day)
            if not await deliveries.settle(tx, self._webhook_id, self._fence, settlement, now=now):
                raise LostFence
            if self._switch_off is not None:
                state, reason = self._switch_off
                await webhooks.switch_off(tx, self._webhook_id, state=state, reason=reason, now=now)
            log.append_last(tx, events)
        for event in events:
            EVENTS.labels(event.type).inc()
            self._ring()
        self._days |= {attempt.at.date() for attempt in attempts}


async def _within(event: asyncio.Event, patience: timedelta) -> None:
    try:
        async with asyncio.timeout(patience.total_seconds()):
            await event.wait()
    except TimeoutError:
        return
