"""An office that sends: a database, instances, the fake engine and the outgoing service, as tests of it need them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from recado.clock import Clock
from recado.domain.engine import Device
from recado.domain.events import LoggedEvent
from recado.domain.instances import Instance
from recado.domain.messages import Message
from recado.services.bell import Bell
from recado.services.roster import Roster
from recado.services.sending.outgoing import Outgoing
from recado.store import identities, log, messages
from recado.store import incoming as store_incoming
from recado.store.database import Database
from recado.store.incoming import Arrival
from tests.engines.fake import FakeEngine
from tests.engines.notebook import Notebook
from tests.waiting import until

MARIA = "+5511988887777"
GUARD = timedelta(seconds=60)


class Office:
    """`outgoing` is alive while the block is; instances are opened, connected and taken offline by the test."""

    def __init__(self, database: Database, engine: FakeEngine, clock: Clock, **options: Any) -> None:
        self.database = database
        self.engine = engine
        self.clock = clock
        self.roster = Roster()
        self.listener = Notebook()
        self.outgoing = Outgoing(database, engine, self.roster, clock, Bell(), **options)

    async def open(self, name: str = "loja", *, is_connected: bool = True) -> Instance:
        """An instance of that name, connected unless it shall not be."""
        instance = an_instance(self.clock, name, "connected" if is_connected else "disconnected")
        async with self.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO public.whatsapp_instances (id, instance_name, status) VALUES (%s, %s, %s)",
                (instance.id, name, instance.status),
            )
        self.engine.link(str(instance.id), Device(jid="5511999990001:1@s.whatsapp.net", lid="900@lid"))
        if is_connected:
            await self.connect(instance)
        return instance

    async def connect(self, instance: Instance, fence: int = 1) -> None:
        await self.engine.start(str(instance.id), fence)
        await until(lambda: self.engine.open[str(instance.id)].state == "connected")
        self.roster.enter(instance.id, fence)

    def disconnect(self, instance: Instance) -> None:
        self.roster.leave(instance.id)
        self.engine.cut(str(instance.id))

    async def send(self, instance: Instance, text: str = "Oi", to: str = MARIA, **more: Any) -> Message:
        return (await self.outgoing.accept(instance, to=to, text=text, **more)).message

    async def settled(self, message: Message) -> Message:
        return await self.outgoing.settled(message.id, timeout=GUARD)

    async def read(self, message: Message) -> Message:
        async with self.database.transaction() as tx:
            found = await messages.by_id(tx, message.id)
            assert found is not None
            return await messages.with_history(tx, found)

    async def events(self, *types: str) -> list[LoggedEvent]:
        async with self.database.transaction() as tx:
            return await log.read(tx, 0, 10_000, types=types or None)

    async def queue_length(self) -> int:
        async with self.database.transaction() as tx:
            cursor = await tx.execute("SELECT count(*) FROM recado.send_queue")
            [length] = await cursor.fetchone() or [0]
            return int(length)

    async def heard_from(
        self, instance: Instance, who: str = MARIA, text: str = "Oi", ago: timedelta = timedelta(0)
    ) -> None:
        """Somebody wrote, so long ago."""
        jid = who if "@" in who else f"{who.removeprefix('+')}@s.whatsapp.net"
        at = (self.clock.now() - ago).replace(microsecond=0)
        incoming = self.engine.incoming(str(instance.id), text=text, sender=jid, sent_at=at)
        arrival = Arrival(id=self.clock.new_id(), instance_id=instance.id, instance_name="loja", inbound=incoming)
        async with self.database.transaction(locks=identities.locks([instance.id])) as tx:
            await store_incoming.write(
                tx, store_incoming.read_through([arrival]), new_id=self.clock.new_id, now=self.clock.now()
            )

    def texts(self) -> list[str]:
        """What reached the network, in order, repeats included."""
        return [outgoing.content["conversation"] for _, outgoing in self.engine.attempts]


@contextlib.asynccontextmanager
async def office(
    database: Database, clock: Clock, engine: FakeEngine | None = None, *, crashes: bool = True, **options: Any
) -> AsyncIterator[Office]:
    """The office at work; leaving the block is a crash: nothing is finished any more, unless it does not crash.

    `options` are Outgoing's.
    """
    one = Office(database, engine or FakeEngine(clock), clock, **options)
    running = [asyncio.ensure_future(one.outgoing.run())]
    if not one.engine.attached.is_set():
        running.append(asyncio.ensure_future(one.engine.run(one.listener)))
        await one.engine.attached.wait()
    try:
        yield one
    finally:
        if crashes:
            one.outgoing._sender._drain = _finish_nothing
        running[0].cancel()
        await asyncio.wait(running[:1])
        for task in running:
            task.cancel()
        results = await asyncio.gather(*running, return_exceptions=True)
        for result in results:
            if not isinstance(result, asyncio.CancelledError):
                raise AssertionError(f"a service ended by itself: {result!r}")


async def _finish_nothing() -> None: ...


def an_instance(clock: Clock, name: str, status: Any = "connected", id: UUID | None = None) -> Instance:
    now = clock.now()
    return Instance(
        id=id or clock.new_id(),
        instance_name=name,
        status=status,
        state=status,
        reason=None,
        user_action=None,
        wanted="running",
        wanted_at=now,
        attempt=0,
        next_at=None,
        deadline=None,
        since=now,
        checked_at=None,
        last_activity_at=None,
        phone_number="5511999990001",
        lid=None,
        push_name=None,
        platform=None,
        webhook_url=None,
        engine="fake",
        owner_id=None,
        created_at=now,
        updated_at=now,
    )
