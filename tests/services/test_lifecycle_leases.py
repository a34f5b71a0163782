"""Who looks after an instance: leases, fences, workers that come, go and die; the start and the end of Recado."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from recado.domain.errors import Unavailable
from recado.domain.instances import Instance
from recado.store import leases, observations
from recado.store.database import Database
from recado.store.rows import execute, fetch_value
from tests.services.worker import Worker
from tests.stillclock import StillClock
from tests.waiting import until

SECOND = timedelta(seconds=1)


@pytest.fixture
async def worker(db: Database, clock: StillClock) -> AsyncIterator[Worker]:
    async with Worker(db, clock).running() as worker:
        yield worker


# --- leases, and more than one worker ------------------------------------------------------------------------------


async def test_two_workers_never_run_one_instance(db: Database, clock: StillClock):
    async with Worker(db, clock).running() as first:
        made = await first.connected()
        async with Worker(db, clock).running() as second:
            await second.clock.until_asleep(6)

            assert second.engine.calls == []
            with pytest.raises(Unavailable):
                await second.instances.force_update(made)


async def test_the_instances_of_a_dead_worker_are_taken_over_and_told_truly(db: Database, clock: StillClock):
    first = Worker(db, clock)
    async with first.running():
        made = await first.connected()
        await _die(first, made)
        clock.advance(SECOND)
        async with Worker(db, clock).running() as second:
            second.engine.devices |= first.engine.devices

            await second.until(made, state="connected", since=clock.now())

            codes = await second.codes(made)
            assert codes[-4:] == ["recado_stopped", "taken_over", "syncing", "connected"]
            assert (await _lease(second, made))[1] == 2


async def test_one_that_comes_back_under_its_name_takes_at_once_what_it_held(db: Database, clock: StillClock):
    first = Worker(db, clock, holder=UUID(int=7))
    async with first.running():
        made = await first.connected()
        clock.advance(SECOND)
        second = Worker(db, clock, holder=UUID(int=7))
        second.engine.devices |= first.engine.devices

        async with second.running():
            await second.until(made, state="connected", since=clock.now())
            assert (await _lease(second, made))[1] == 2


async def test_one_whose_lease_is_anothers_writes_nothing_and_hangs_up(worker: Worker, db: Database):
    made = await worker.connected()
    async with db.transaction() as tx:
        await execute(tx, "UPDATE recado.leases SET fence = fence + 1, holder = %s", (UUID(int=7),))
    before = await worker.row(made)

    with worker.engine.hold("stop") as gate:
        gate.open()
        worker.engine.cut(str(made.id))
        await gate.reached(2)

    assert await worker.row(made) == before
    assert worker.lifecycle.roster.fence_of(made.id) is None


async def test_a_lost_lease_is_noticed_at_the_next_renewal(worker: Worker, db: Database):
    made = await worker.connected()
    async with db.transaction() as tx:
        await execute(tx, "UPDATE recado.leases SET fence = fence + 1, holder = %s", (UUID(int=7),))

    with worker.engine.hold("stop") as gate:
        worker.clock.advance(10 * SECOND)
        await gate.reached(1)

    assert worker.lifecycle.roster.fence_of(made.id) is None


async def test_a_lease_is_renewed_while_the_worker_lives(worker: Worker, db: Database):
    made = await worker.connected()
    async with db.transaction() as tx:
        await execute(tx, "UPDATE recado.leases SET until = clock_timestamp()")

    async def is_renewed() -> bool:
        worker.clock.advance(10 * SECOND)
        return (await _lease(worker, made))[0]

    await until(is_renewed)


async def test_a_stale_fence_writes_nothing(worker: Worker, db: Database):
    made = await worker.connected()
    fence = (await _lease(worker, made))[1]

    async with db.transaction() as tx:
        touched = await observations.confirm(tx, {made.id: (fence - 1, "stopped")}, worker.clock.now())
        removed = await observations.remove(tx, made.id, fence - 1)

    assert (touched, removed) == (set(), False)
    assert (await worker.row(made)).state == "connected"


# --- the start and the end of Recado -------------------------------------------------------------------------------


async def test_when_recado_ends_nothing_is_left_connected(db: Database, clock: StillClock):
    worker = Worker(db, clock)
    async with worker.running():
        made = await worker.connected()

    row = await worker.row(made)
    assert (row.status, row.state, row.reason) == ("disconnected", "reconnecting", "recado_stopped")
    assert worker.engine.open == {}
    async with db.transaction() as tx:
        assert await fetch_value(tx, "SELECT holder FROM recado.leases") is None


async def test_when_recado_starts_again_the_sessions_are_kept(db: Database, clock: StillClock):
    first = Worker(db, clock)
    async with first.running():
        made = await first.connected()
    second = Worker(db, clock)
    second.engine.devices |= first.engine.devices

    async with second.running():
        row = await second.until(made, state="connected")

    assert row.phone_number == "5511999990001"
    assert second.calls("pair_qr", made) == 0


async def test_an_expired_qr_does_not_start_again_when_recado_does(db: Database, clock: StillClock):
    first = Worker(db, clock)
    async with first.running():
        made = await first.instances.create("loja")
        await first.until(made, state="awaiting_scan")
        first.clock.advance(160 * SECOND)
        await first.until(made, state="stopped")
    second = Worker(db, clock)

    async with second.running():
        good = await second.instances.create("outra")
        await second.until(good, state="awaiting_scan")

    assert second.calls("start", made) == 0
    assert (await second.row(made)).state == "stopped"


async def test_rows_that_lie_are_corrected_before_anything_else(db: Database, clock: StillClock):
    async with db.transaction() as tx:
        await execute(
            tx,
            "INSERT INTO public.whatsapp_instances (instance_name, status, qr_code, engine)"
            " VALUES ('velha', 'connected', 'data:image/png;base64,x', 'fake')",
        )
        id = await fetch_value(tx, "SELECT id FROM public.whatsapp_instances")
    worker = Worker(db, clock)

    async with worker.running():
        made = await worker.instances.create("nova")
        await worker.until(made, state="awaiting_scan")

        row = await worker.row(id)
        assert (row.status, row.state, await worker.qr_code(row)) == ("disconnected", "stopped", None)


async def test_two_hundred_sessions_dial_side_by_side(db: Database, clock: StillClock):
    names = [f"n{number}" for number in range(200)]
    async with db.transaction() as tx:
        await execute(
            tx,
            "INSERT INTO public.whatsapp_instances (instance_name, status, state, wanted, checked_at, engine)"
            " SELECT name, 'connected', 'connected', 'running', now(), 'fake' FROM unnest(%s::text[]) AS name",
            (names,),
        )
        ids = await tx.execute("SELECT id FROM public.whatsapp_instances")
        rows = [id for (id,) in await ids.fetchall()]
    worker = Worker(db, clock)
    for id in rows:
        worker.engine.link(str(id))

    async with worker.running():
        for id in rows:
            await worker.until(id, state="connected", checked_at=clock.now())

    assert len(worker.engine.devices) == 200


async def _lease(worker: Worker, made: Instance) -> tuple[bool, int]:
    """Whether it has time left, and its fence."""
    async with worker.database.transaction() as tx:
        cursor = await tx.execute(
            "SELECT until > clock_timestamp(), fence FROM recado.leases WHERE subject = %s", (made.id,)
        )
        row = await cursor.fetchone()
    assert row is not None
    return row[0], row[1]


async def _die(worker: Worker, made: Instance) -> None:
    """As after kill -9: it does nothing any more, and its lease has run out."""
    async with worker.database.transaction() as tx:
        assert await leases.holds(tx, "instance", made.id, 1)
        await execute(tx, "UPDATE recado.leases SET until = clock_timestamp() - interval '1 second'")
