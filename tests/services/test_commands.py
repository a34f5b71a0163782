"""What is asked of one process is done by the one that holds the instance."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from recado.domain.engine import EngineError
from recado.domain.errors import TooMany, Unavailable
from recado.services.doorbell import Doorbell
from recado.store import commands, rings
from recado.store.commands import Command
from recado.store.database import Database
from recado.store.rows import fetch_value, fetch_values
from tests.services.worker import Worker
from tests.stillclock import StillClock
from tests.waiting import until


@pytest.fixture
async def holder(db: Database, clock: StillClock) -> AsyncIterator[Worker]:
    """The process that looks after every instance."""
    async with Worker(db, clock, hears_others=True).running() as worker:
        yield worker


@pytest.fixture
async def other(holder: Worker, db: Database, clock: StillClock) -> AsyncIterator[Worker]:
    """The process that is asked."""
    async with Worker(db, clock, hears_others=True).running() as worker:
        yield worker


async def test_a_pairing_code_is_made_where_the_instance_runs(holder: Worker, other: Worker):
    made = await holder.instances.create("loja")
    await holder.until(made, state="awaiting_scan")

    pairing = await other.instances.pairing_code(made, "+55 11 99999-0001")

    assert pairing == await holder.instances.pairing(made)
    assert (holder.calls("pair_phone", made), other.calls("pair_phone", made)) == (1, 0)


async def test_a_logout_is_done_where_the_instance_runs(holder: Worker, other: Worker):
    made = await holder.connected()

    await other.instances.logout(made)

    assert (await other.row(made)).state == "logged_out"
    assert holder.calls("logout", made) == 1


async def test_an_instance_is_removed_from_elsewhere(holder: Worker, other: Worker):
    made = await holder.connected()

    await other.instances.remove(made)

    async with other.database.transaction() as tx:
        assert await fetch_value(tx, "SELECT count(*) FROM public.whatsapp_instances") == 0


async def test_a_row_is_corrected_from_elsewhere_by_what_the_wire_says(holder: Worker, other: Worker):
    made = await holder.connected()
    holder.engine.open[str(made.id)].state = "disconnected"

    before, after = await other.instances.force_update(made)

    assert (before.state, after.state) == ("connected", "reconnecting")


async def test_a_wish_is_heeded_at_once_where_the_instance_runs(holder: Worker, other: Worker):
    made = await holder.connected()

    await other.instances.stop(made)

    assert (await holder.until(made, state="stopped")).reason == "stopped_by_user"


async def test_an_error_comes_back_as_what_it_is(holder: Worker, other: Worker):
    made = await holder.instances.create("loja")
    await holder.until(made, state="awaiting_scan")
    holder.engine.script("pair_phone", EngineError("server", "rate-overlimit", server_code=429))

    with pytest.raises(TooMany) as caught:
        await other.instances.pairing_code(made, "5511999990001")

    assert (caught.value.code, caught.value.retry_after) == ("too_many_codes", 300)


async def test_nothing_is_left_of_what_was_answered(holder: Worker, other: Worker, db: Database):
    made = await holder.connected()

    await other.instances.force_update(made)

    assert not await _count(db)


async def test_what_nobody_begins_in_time_is_taken_back_and_said_so(db: Database, clock: StillClock):
    mute = Worker(db, clock)
    async with mute.running(), Worker(db, clock, hears_others=True).running() as other:
        made = await mute.connected()
        asking = asyncio.create_task(other.instances.force_update(made))
        await until(lambda: _count(db))
        clock.advance(timedelta(seconds=30))

        with pytest.raises(Unavailable) as caught:
            await asking

    assert caught.value.code == "instance_not_answering"
    assert not await _count(db)


async def test_without_a_ring_it_is_found_all_the_same(holder: Worker, db: Database):
    made = await holder.connected()
    await _ask(db, made.id)

    async def is_answered() -> bool:
        holder.clock.advance(timedelta(seconds=5))
        async with db.transaction() as tx:
            return bool(await fetch_value(tx, "SELECT answer IS NOT NULL FROM recado.commands"))

    await until(is_answered)


async def test_only_the_holder_of_the_lease_begins_it(holder: Worker, db: Database):
    made = await holder.connected()
    await _ask(db, made.id)

    async with db.transaction() as tx:
        assert await commands.claim(tx, UUID(int=99)) == []


async def test_a_ring_is_heard_when_its_transaction_commits(db: Database, clock: StillClock):
    heard: asyncio.Queue[UUID] = asyncio.Queue()
    doorbell = Doorbell(db, clock)
    doorbell.hear("wish", heard.put_nowait)
    async with _listening(doorbell, db):
        with contextlib.suppress(ZeroDivisionError):
            async with db.transaction() as tx:
                await rings.ring(tx, "wish", UUID(int=1))
                raise ZeroDivisionError
        async with db.transaction() as tx:
            await rings.ring(tx, "wish", UUID(int=2))

        assert await heard.get() == UUID(int=2)


async def test_a_doorbell_whose_connection_was_lost_listens_again(db: Database, clock: StillClock):
    heard: asyncio.Queue[UUID] = asyncio.Queue()
    doorbell = Doorbell(db, clock)
    doorbell.hear("wish", heard.put_nowait)
    async with _listening(doorbell, db):
        before = await _listeners(db)
        async with db.transaction() as tx:
            await tx.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) pid", (list(before),))
        await clock.until_asleep()
        clock.advance(timedelta(seconds=5))

        async def listens_anew() -> bool:
            return bool(await _listeners(db) - before)

        await until(listens_anew)
        async with db.transaction() as tx:
            await rings.ring(tx, "wish", UUID(int=3))

        assert await heard.get() == UUID(int=3)


@pytest.mark.parametrize("payload", ["", "wish", "wish x", "glory 00000000-0000-0000-0000-000000000001"])
def test_a_word_that_is_not_known_is_nothing(payload: str):
    assert rings.read(payload) is None


@contextlib.asynccontextmanager
async def _listening(doorbell: Doorbell, db: Database) -> AsyncIterator[None]:
    running = asyncio.create_task(doorbell.run())
    await until(lambda: _listeners(db))
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])


async def _ask(db: Database, instance_id: UUID) -> None:
    """A command of which nobody is told."""
    command = Command(id=UUID(int=5), instance_id=instance_id, name="force_update", params={})
    async with db.transaction() as tx:
        await commands.add(tx, command, within=timedelta(minutes=10))


async def _listeners(db: Database) -> set[int]:
    """The server's processes that do."""
    query = (
        "SELECT pid FROM pg_stat_activity"
        " WHERE datname = current_database() AND state = 'idle' AND starts_with(query, 'LISTEN')"
    )
    async with db.transaction() as tx:
        return set(await fetch_values(tx, query))


async def _count(db: Database) -> int:
    async with db.transaction() as tx:
        return int(await fetch_value(tx, "SELECT count(*) FROM recado.commands"))
