"""Which numbers may start no new chats right now: heard from the network, kept, told, and ended in time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain import pauses as rules
from recado.domain.engine import Notice
from recado.domain.errors import Unavailable
from recado.domain.instances import id_of
from recado.domain.pauses import Pause
from recado.services.alarm import Alarm
from recado.services.patience import patiently
from recado.services.roster import Roster
from recado.store import pauses as store
from recado.store.database import Database, Tx

LOOKS_EVERY: Final = timedelta(seconds=30)

Tell = Callable[[UUID, Pause | None], Awaitable[None]]
"""Has the instance say that it is paused, or no more; telling it again changes nothing."""

_log = structlog.get_logger()


class Pauses:
    """`on_end` hears of the instances whose new chats are open again. `run` has to be alive for all but `hear`."""

    def __init__(
        self, database: Database, roster: Roster, clock: Clock, on_end: Callable[[UUID], None], tell: Tell | None = None
    ) -> None:
        self._database = database
        self._roster = roster
        self._clock = clock
        self._on_end = on_end
        self._tell = tell
        self._kept: dict[UUID, Pause] = {}
        self._told: set[UUID] = set()
        self._alarm = Alarm(clock)

    def of(self, instance_id: UUID) -> Pause | None:
        """The one that is active."""
        pause = self._kept.get(instance_id)
        return pause if pause is not None and pause.is_active(self._clock.now()) else None

    async def hear(self, notice: Notice) -> None:
        """Note what it says of new chats, if anything, before it is confirmed."""
        now, instance_id = self._clock.now(), id_of(notice.session)
        until = rules.end_told_by(notice, now)
        if until is None or instance_id is None:
            return
        before = self._kept.get(instance_id)
        if until > now:
            await self._keep(instance_id, rules.locked(until, now, before))
        elif before is not None:
            await self._keep(instance_id, rules.ended(before, now))

    async def refused(self, tx: Tx, instance_ids: Collection[UUID]) -> dict[UUID, Pause]:
        """A new chat of each was refused. They are paused when the transaction is committed: then `took` them."""
        now = self._clock.now()
        paused = {id: rules.refused(now, self._kept.get(id)) for id in instance_ids}
        for id, pause in paused.items():
            await store.put(tx, id, pause)
        return paused

    async def forgiven(self, tx: Tx, instance_ids: Collection[UUID]) -> set[UUID]:
        """A new chat of each was taken: a pause that was over is forgotten with its strikes, after the commit."""
        over = {id for id in instance_ids if id in self._kept and self.of(id) is None}
        for id in over:
            await store.remove(tx, id)
        return over

    def took(self, paused: dict[UUID, Pause], over: Collection[UUID]) -> None:
        for id, pause in paused.items():
            if self._kept.get(id) != pause:
                _log.warning("sending.paused", instance=str(id), reason=pause.reason, until=pause.until.isoformat())
        self._kept.update(paused)
        for id in over:
            self._kept.pop(id, None)
        if paused:
            self._alarm.ring()

    async def run(self) -> None:
        while True:
            await self._look()
            await self._say()
            await self._alarm.wait(self._next_moment())

    async def load(self) -> None:
        """Read what is kept. Raises Unavailable."""
        async with self._database.glance() as tx:
            self._kept = await store.every(tx)

    async def _look(self) -> None:
        try:
            await self.load()
        except Unavailable as error:
            _log.warning("pauses.database_away", error=error.detail)

    async def _keep(self, instance_id: UUID, pause: Pause) -> None:
        async def write() -> None:
            async with self._database.transaction() as tx:
                await store.put(tx, instance_id, pause)

        await patiently(self._clock, "pauses", write)
        self.took({instance_id: pause}, ())

    async def _say(self) -> None:
        """Have every instance that is connected say how it stands, each for itself."""
        active = {id: pause for id in self._kept if (pause := self.of(id)) is not None}
        over = self._told - active.keys()
        for id in over:
            self._on_end(id)
        self._told = set(active)
        if self._tell is None:
            return
        async with asyncio.TaskGroup() as tasks:
            for id in (active.keys() | over) & self._roster.connected().keys():
                tasks.create_task(self._say_of(id, active.get(id), self._tell))

    async def _say_of(self, instance_id: UUID, pause: Pause | None, tell: Tell) -> None:
        try:
            async with asyncio.timeout(LOOKS_EVERY.total_seconds()):
                await tell(instance_id, pause)
        except (Unavailable, TimeoutError) as error:
            _log.info("pauses.untold", instance=str(instance_id), error=str(error))

    def _next_moment(self) -> datetime:
        now = self._clock.now()
        if any(self.of(id) is None for id in self._told):  # one ended while the others were told
            return now
        ends = [pause.until for pause in self._kept.values() if pause.is_active(now)]
        return min([*ends, now + LOOKS_EVERY])
