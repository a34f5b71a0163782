"""What the worker does when something fails: the wire, the engine host, the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from recado.domain.engine import EngineError, Probe
from recado.domain.errors import Unavailable
from recado.domain.instances import Instance
from recado.domain.terms import Terms
from recado.services.life import lifecycle
from recado.store.database import Database
from recado.store.rows import execute
from tests.services.worker import Worker
from tests.stillclock import StillClock
from tests.waiting import until

SECOND = timedelta(seconds=1)
NO_ANSWER = EngineError("timeout", "no answer", may_retry=True)


@pytest.fixture
async def worker(db: Database, clock: StillClock) -> AsyncIterator[Worker]:
    async with Worker(db, clock).running() as worker:
        yield worker


# --- the health check ----------------------------------------------------------------------------------------------


async def test_a_connected_instance_is_probed_every_30_seconds(worker: Worker):
    made = await worker.connected()
    for checks in (1, 2, 3):
        await worker.clock.until_asleep(3)
        worker.clock.advance(30 * SECOND)
        await _checked(worker, made)

        assert worker.calls("probe", made) == checks


async def test_a_check_writes_down_that_it_is_still_so(worker: Worker):
    made = await worker.connected()
    before = await worker.row(made)
    worker.clock.advance(7 * SECOND)

    await worker.lifecycle.health.check()

    row = await worker.row(made)
    assert (row.checked_at, row.updated_at) == (worker.clock.now(), before.updated_at)


async def test_a_check_corrects_a_row_that_somebody_else_has_written(worker: Worker, db: Database):
    made = await worker.connected()
    async with db.transaction() as tx:
        await execute(tx, "UPDATE public.whatsapp_instances SET status = 'disconnected', state = 'stopped'")

    await worker.lifecycle.health.check()

    row = await worker.row(made)
    assert (row.status, row.state) == ("connected", "connected")


async def test_an_unanswered_probe_degrades_it_and_the_second_one_ends_it(worker: Worker):
    made = await worker.connected()
    worker.engine.script("probe", NO_ANSWER, NO_ANSWER)

    await worker.lifecycle.health.check()
    row = await worker.until(made, state="degraded")
    assert (row.status, row.reason) == ("connected", "probe_unanswered")
    await worker.lifecycle.health.check()

    row = await worker.until(made, state="reconnecting")
    assert (row.status, row.reason) == ("disconnected", "not_answering")
    assert worker.calls("stop", made) == 1
    worker.clock.advance(5 * SECOND)
    await worker.until(made, state="connected")


async def test_a_good_probe_after_a_bad_one_recovers_it(worker: Worker):
    made = await worker.connected()
    worker.engine.script("probe", NO_ANSWER)
    await worker.lifecycle.health.check()
    await worker.until(made, state="degraded")

    await worker.lifecycle.health.check()

    assert (await worker.until(made, state="connected")).reason is None


async def test_an_event_that_waits_for_more_than_a_minute_fails_the_probe(worker: Worker):
    made = await worker.connected()
    worker.engine.script("probe", Probe(round_trip_ms=4, queue=9, unanswered=3, oldest_unanswered_ms=61_000))

    await worker.lifecycle.health.check()

    await worker.until(made, state="degraded", reason="behind")


async def test_a_connection_that_was_lost_without_a_word_is_found(worker: Worker):
    made = await worker.connected()
    worker.engine.open[str(made.id)].state = "disconnected"

    await worker.lifecycle.health.check()

    await worker.until(made, state="reconnecting", reason="found_offline")


async def test_a_login_of_which_nobody_told_is_found(worker: Worker):
    made = await worker.connected()
    worker.engine.connects_by_itself = False
    worker.engine.cut(str(made.id))
    await worker.until(made, state="reconnecting")
    worker.clock.advance(5 * SECOND)
    await worker.until(made, state="starting")
    worker.engine.open[str(made.id)].state = "connected"

    await worker.lifecycle.health.check()

    row = await worker.until(made, state="syncing")
    assert row.phone_number is not None


async def test_a_session_that_should_not_be_open_is_closed(worker: Worker):
    made = await worker.connected()
    await worker.instances.stop(made)
    await worker.until(made, state="stopped")
    fence = (await _lease(worker, made))[1]
    await worker.engine.start(str(made.id), fence)

    await worker.lifecycle.health.check()
    await worker.instances.force_update(made)

    assert str(made.id) not in worker.engine.open


# --- the engine host -----------------------------------------------------------------------------------------------


async def test_a_host_that_dies_disconnects_all_and_its_return_connects_them(worker: Worker):
    one, two = await worker.connected("uma"), await worker.connected("duas")

    worker.engine.crash()
    for made in (one, two):
        row = await worker.until(made, state="reconnecting")
        assert (row.status, row.reason) == ("disconnected", "host_down")
    worker.engine.come_back()

    for made in (one, two):
        await worker.until(made, state="connected")


async def test_the_hosts_storage_is_asked_again_after_1_2_5_seconds(worker: Worker):
    made = await worker.connected()
    worker.engine.script("start", *[EngineError("storage", "no database")] * 3)
    worker.engine.say("storage_down", error="no database")

    waits = []
    for attempt in (1, 2, 3, 4):
        row = await worker.until(made, state="reconnecting", reason="storage_down", attempt=attempt)
        assert row.next_at is not None
        waits.append((row.next_at - worker.clock.now()).total_seconds())
        worker.clock.set(row.next_at)
    await worker.until(made, state="connected")

    assert waits == [1, 2, 5, 5]


async def test_a_host_that_is_not_there_yet_is_waited_for(db: Database, clock: StillClock):
    worker = Worker(db, clock)
    worker.engine.is_host_up = False
    worker.engine.say = lambda *args, **kwargs: None  # type: ignore[method-assign]
    async with worker.running():
        made = await worker.instances.create("loja")
        await worker.clock.until_asleep(4)
        assert worker.calls("start", made) == 0
        del worker.engine.say

        worker.engine.come_back()

        await worker.until(made, state="awaiting_scan")
        assert worker.calls("start", made) == 1


async def test_at_the_end_the_rows_say_so_even_if_the_engine_hangs(
    db: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lifecycle, "_HANGS_UP_WITHIN", 0.05)
    async with Worker(db, clock).running() as worker:
        made = await worker.connected()
        gate = worker.engine.hold("stop")
        gate.__enter__()

    row = await worker.row(made)
    assert (row.state, row.status, row.reason) == ("reconnecting", "disconnected", "recado_stopped")


# --- the database --------------------------------------------------------------------------------------------------


class Outage:
    """Makes every transaction of a database fail as if it were away."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self._real = database.transaction
        self.refused = 0
        self.is_on = True
        monkeypatch.setattr(database, "transaction", self._transaction)

    def _transaction(self, **how: Any):
        if self.is_on:
            self.refused += 1
            raise Unavailable("database_unavailable", "The database does not answer.")
        return self._real(**how)


async def test_what_happens_while_the_database_is_away_is_written_when_it_is_back(
    worker: Worker, db: Database, monkeypatch: pytest.MonkeyPatch
):
    made = await worker.connected()
    outage = Outage(db, monkeypatch)

    worker.engine.cut(str(made.id))
    async with asyncio.timeout(60):
        while outage.refused < 3:
            await worker.clock.until_asleep(1)
            worker.clock.advance(SECOND)
            await asyncio.sleep(0)
    outage.is_on = False
    worker.clock.advance(5 * SECOND)

    await worker.until(made, state="reconnecting")
    assert "connection_lost" in await worker.codes(made)


async def test_a_session_is_hung_up_when_its_lease_could_not_be_renewed_in_time(
    db: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch
):
    async with Worker(db, clock).running() as worker:
        made = await worker.connected()
        with worker.engine.hold("stop") as gate:
            outage = Outage(db, monkeypatch)
            gate.open()
            _run_out(worker, monkeypatch)
            await gate.reached(1)
        outage.is_on = False

        await worker.until(made, state="reconnecting", reason="lease_expired")


async def test_a_lost_lease_hangs_up_also_a_session_that_waits_for_the_database(
    db: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch
):
    async with Worker(db, clock).running() as worker:
        made = await worker.connected()
        with worker.engine.hold("stop") as gate:
            outage = Outage(db, monkeypatch)
            worker.engine.say("keepalive_timeout", str(made.id))
            await until(lambda: outage.refused)
            gate.open()
            _run_out(worker, monkeypatch)
            await gate.reached(1)
        outage.is_on = False


def _run_out(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of all its leases is over."""
    holdings = worker.lifecycle._holdings
    over = holdings.now() + Terms().lease.total_seconds() + 1
    monkeypatch.setattr(holdings, "_uptime", lambda: over)


async def _checked(worker: Worker, made: Instance) -> None:
    async def is_noted() -> bool:
        return (await worker.row(made)).checked_at == worker.clock.now()

    await until(is_noted)


async def _lease(worker: Worker, made: Instance) -> tuple[bool, int]:
    """Whether it has time left, and its fence."""
    async with worker.database.transaction() as tx:
        cursor = await tx.execute(
            "SELECT until > clock_timestamp(), fence FROM recado.leases WHERE subject = %s", (made.id,)
        )
        row = await cursor.fetchone()
    assert row is not None
    return row[0], row[1]
