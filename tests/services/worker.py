"""A worker with a fake engine, run inside a test, and ways to wait for what it does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

from recado.domain.engine import Signal
from recado.domain.instances import Instance
from recado.domain.sync import Heard
from recado.domain.terms import Terms
from recado.services.bell import Bell
from recado.services.calls import Calls
from recado.services.commands import Commands
from recado.services.doorbell import Doorbell
from recado.services.life.instances import Instances
from recado.services.life.lifecycle import Lifecycle
from recado.services.life.vigil import Vigil
from recado.services.rights import Rights
from recado.store import instances as instances_store
from recado.store import log, timeline
from recado.store.database import Database
from recado.store.rows import fetch_value
from tests.engines.fake import FakeEngine
from tests.stillclock import StillClock
from tests.waiting import until


class Worker:
    """One Recado as far as an instance's life goes: `engine` is played by the test, `instances` is what people call."""

    def __init__(
        self,
        database: Database,
        clock: StillClock,
        holder: UUID | None = None,
        rights: Rights | None = None,
        terms: Terms | None = None,
        hears_others: bool = False,
        watches: bool = False,
    ) -> None:
        self.database = database
        self.clock = clock
        self.bell = Bell()
        self._hears_others = hears_others
        self.engine = FakeEngine(clock)
        self.doorbell = Doorbell(database, clock)
        holder = holder or clock.new_id()
        commands = Commands(database, clock, self.doorbell, holder=holder) if hears_others else None
        self.lifecycle = Lifecycle(
            database, self.engine, clock, self.bell, holder=holder, rights=rights, terms=terms, commands=commands
        )
        self.errands = Calls(database, self.lifecycle.roster, commands)
        self.doorbell.hear("wish", self.lifecycle.wake)
        self.instances = Instances(database, clock, self.bell, self.lifecycle)
        lifecycle = self.lifecycle
        self.vigil = Vigil.over(database, self.engine, lifecycle.roster, clock, lifecycle.order) if watches else None

    async def handle(self, inbound: Heard) -> None:
        """What comes in is kept by nobody here."""
        if self.vigil is not None:
            self.vigil.heard(inbound)

    def signal(self, signal: Signal) -> None:
        self.lifecycle.signal(signal)
        if self.vigil is not None:
            self.vigil.signal(signal)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Worker]:
        """The engine first, as it is there before the worker looks; both end with the block, the worker first."""
        async with asyncio.TaskGroup() as tasks:
            host = tasks.create_task(self.engine.run(self))
            await self.engine.attached.wait()
            worker = tasks.create_task(self.lifecycle.run())
            listening = tasks.create_task(self.doorbell.run()) if self._hears_others else None
            watching = tasks.create_task(self.vigil.run()) if self.vigil is not None else None
            try:
                yield self
            finally:
                if watching is not None:
                    watching.cancel()
                worker.cancel()
                await asyncio.wait([worker])
                host.cancel()
                if listening is not None:
                    listening.cancel()

    async def until(self, instance: Instance | UUID, **values: Any) -> Instance:
        """Wait until the instance's row has these values, and return it."""
        id = instance if isinstance(instance, UUID) else instance.id
        return await self.until_row(id, lambda row: all(getattr(row, name) == value for name, value in values.items()))

    async def until_row(self, id: UUID, is_so: Callable[[Instance], bool]) -> Instance:
        row = None
        with self.bell.listen() as ear:
            try:
                async with asyncio.timeout(60):
                    while True:
                        row = await self.row(id)
                        if is_so(row):
                            return row
                        await ear.wait()
            except TimeoutError:
                raise AssertionError(f"it did not come to that; the row is {row}") from None

    async def row(self, instance: Instance | UUID) -> Instance:
        id = instance if isinstance(instance, UUID) else instance.id
        async with self.database.transaction() as tx:
            row = await instances_store.get(tx, id)
        assert row is not None
        return row

    async def qr_code(self, instance: Instance) -> str | None:
        async with self.database.transaction() as tx:
            return await fetch_value(tx, "SELECT qr_code FROM public.whatsapp_instances WHERE id = %s", (instance.id,))

    async def shown(self, instance: Instance) -> str | None:
        """The code that is to be scanned or typed now."""
        async with self.database.transaction() as tx:
            return await fetch_value(tx, "SELECT code FROM recado.pairings WHERE instance_id = %s", (instance.id,))

    async def codes(self, instance: Instance) -> list[str]:
        """The codes of its timeline, the oldest first."""
        async with self.database.transaction() as tx:
            return [step.code for step in await timeline.page(tx, instance.id, before=None, limit=200)][::-1]

    async def events(self, type: str) -> list[dict[str, Any]]:
        """The data of the events of that type, in order."""
        async with self.database.transaction() as tx:
            return [event.data for event in await log.read(tx, 0, 1000, types=[type])]

    async def connected(self, name: str = "loja") -> Instance:
        """A new instance that has paired and connected."""
        made = await self.instances.create(name)
        await self.until(made, state="awaiting_scan")
        self.engine.pair(str(made.id))
        row = await self.until(made, state="connected")
        await until(lambda: self.lifecycle.roster.fence_of(made.id))  # the row says it a moment before
        return row

    def calls(self, method: str, instance: Instance) -> int:
        """How often the engine was called so."""
        return sum(1 for called, session, _ in self.engine.calls if (called, session) == (method, str(instance.id)))
