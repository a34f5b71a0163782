"""A call that needs a connection is made by the process that has it, and its end is honest whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from recado.domain.errors import Conflict, TooMany, Unavailable
from recado.domain.instances import Instance
from recado.services.calls import BEGINS_WITHIN, ENDS_WITHIN
from recado.store.database import Database
from recado.store.rows import fetch_value
from tests.services.worker import Worker
from tests.stillclock import StillClock
from tests.waiting import until


class Caller:
    """A process that offers the call `wave` and keeps what it was called with."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.waved: list[tuple[str, str]] = []
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        worker.errands.offer("wave", self._wave)

    async def wave(self, instance: Instance, to: str = "Maria") -> dict[str, Any]:
        return await self.worker.errands.make(instance, "wave", to=to)

    async def _wave(self, instance: Instance, to: str) -> dict[str, Any]:
        self.waved.append((instance.instance_name, to))
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return {"waves": len(self.waved)}


@pytest.fixture
async def holder(db: Database, clock: StillClock) -> AsyncIterator[Caller]:
    """The process that looks after every instance."""
    async with Worker(db, clock, hears_others=True).running() as worker:
        yield Caller(worker)


@pytest.fixture
async def other(holder: Caller, db: Database, clock: StillClock) -> AsyncIterator[Caller]:
    """The process that is asked."""
    async with Worker(db, clock, hears_others=True).running() as worker:
        yield Caller(worker)


async def commands_left(db: Database) -> int:
    async with db.transaction() as tx:
        return int(await fetch_value(tx, "SELECT count(*) FROM recado.commands"))


async def test_it_is_made_once_and_by_the_process_that_has_the_connection(holder: Caller, other: Caller):
    instance = await holder.worker.connected()
    assert await other.wave(instance) == {"waves": 1}
    assert (holder.waved, other.waved) == ([("loja", "Maria")], [])


async def test_what_is_connected_here_asks_nobody(holder: Caller, db: Database):
    instance = await holder.worker.connected()
    async with db.transaction() as tx:
        await tx.execute("DROP TABLE recado.commands")
    assert await holder.wave(instance) == {"waves": 1}


async def test_an_error_comes_back_as_what_it_is(holder: Caller, other: Caller, db: Database):
    instance = await holder.worker.connected()
    holder.error = TooMany("whatsapp_asks_to_wait", "Less often.", retry_after=60, hint="Wait a minute.")
    with pytest.raises(TooMany) as caught:
        await other.wave(instance)
    assert (caught.value.code, caught.value.retry_after, caught.value.hint) == (
        "whatsapp_asks_to_wait",
        60,
        "Wait a minute.",
    )
    assert await commands_left(db) == 0


async def test_a_failure_that_nobody_foresaw_says_where_to_look(holder: Caller, other: Caller):
    instance = await holder.worker.connected()
    holder.error = RuntimeError("the inner workings")
    with pytest.raises(Unavailable) as caught:
        await other.wave(instance)
    assert caught.value.code == "order_failed"
    assert "inner workings" not in caught.value.detail


async def test_when_nobody_has_the_instance_that_is_said_at_once(other: Caller, holder: Caller, db: Database):
    instance = await holder.worker.connected()
    async with db.transaction() as tx:
        await tx.execute("UPDATE recado.leases SET holder = NULL, until = '-infinity'")
    with pytest.raises(Conflict) as caught:
        await other.wave(instance)
    assert (caught.value.code, await commands_left(db)) == ("not_connected", 0)


async def test_an_instance_that_is_held_and_not_connected_is_called_so_by_its_holder(holder: Caller, other: Caller):
    instance = await holder.worker.instances.create("loja")
    instance = await holder.worker.until(instance, state="awaiting_scan")
    for caller in (holder, other):
        with pytest.raises(Conflict) as caught:
            await caller.wave(instance)
        assert caught.value.code == "not_connected"
    assert holder.waved == []


async def test_what_its_holder_does_not_begin_in_time_is_never_done(db: Database, clock: StillClock):
    async with Worker(db, clock).running() as deaf, Worker(db, clock, hears_others=True).running() as worker:
        other, instance = Caller(worker), await deaf.connected()
        asking = asyncio.create_task(other.wave(instance))
        await until(lambda: commands_left(db))
        clock.advance(BEGINS_WITHIN)
        with pytest.raises(Unavailable) as caught:
            await asking
    assert (caught.value.code, await commands_left(db)) == ("instance_not_answering", 0)
    assert "nothing was done" in caught.value.detail


async def test_what_was_begun_and_has_no_end_is_not_called_undone(holder: Caller, db: Database):
    instance = await holder.worker.connected()
    holder.gate.clear()
    clock = StillClock(seed=1)
    async with Worker(db, clock, hears_others=True).running() as worker:
        asking = asyncio.create_task(Caller(worker).wave(instance))
        await until(lambda: holder.waved)
        while not asking.done():
            clock.advance(ENDS_WITHIN)
            await asyncio.wait([asking], timeout=0.1)
        with pytest.raises(Unavailable) as caught:
            await asking
    holder.gate.set()
    assert caught.value.code == "outcome_unknown"
    assert "may have been done" in caught.value.detail
