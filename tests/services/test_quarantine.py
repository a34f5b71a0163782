"""A session that brings the engine down is found and left out; one whose opening hangs delays nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from recado.domain.instances import Instance
from recado.services.life.stagger import Stagger
from recado.store.database import Database
from tests.services.worker import Worker
from tests.stillclock import StillClock
from tests.waiting import until

SECOND = timedelta(seconds=1)


@pytest.fixture
async def worker(db: Database, clock: StillClock) -> AsyncIterator[Worker]:
    async with Worker(db, clock).running() as worker:
        yield worker


async def crash(worker: Worker, *suspects: Instance, also: Sequence[Instance] = (), cause: str = "crash") -> None:
    """The engine goes down, and the worker has seen it: the rows of the suspects, and of the others, say so."""
    worker.engine.crash(cause=cause, suspects=[str(one.id) for one in suspects])
    for one in (*suspects, *also):
        await worker.until_row(one.id, lambda row: row.state in ("reconnecting", "failed"))


async def test_one_that_was_in_hand_at_both_crashes_is_left_out_and_the_others_go_on(worker: Worker):
    bad, good, other = [await worker.connected(name) for name in ("ruim", "boa", "outra")]
    await crash(worker, bad, good, also=[other])
    worker.engine.come_back()
    for one in (bad, good, other):
        await worker.until(one, state="connected")

    await crash(worker, bad, other, also=[good])
    worker.engine.come_back()

    row = await worker.until(bad, state="failed")
    assert (row.status, row.reason, row.user_action) == ("disconnected", "brings_engine_down", "start")
    assert row.phone_number is not None
    for one in (good, other):
        await worker.until(one, state="connected")
    assert "brings_engine_down" in await worker.codes(bad)


async def test_it_is_tried_again_when_somebody_asks_for_it(worker: Worker):
    bad = await worker.connected("ruim")
    await crash(worker, bad)
    worker.engine.come_back()
    await worker.until(bad, state="connected")
    await crash(worker, bad)
    worker.engine.come_back()
    row = await worker.until(bad, state="failed")

    await worker.instances.start(row)

    await worker.until(bad, state="connected")


@pytest.mark.parametrize("cause", ["ended", "memory"])
async def test_a_host_that_was_killed_or_renewed_blames_nobody(worker: Worker, cause: str):
    made = await worker.connected()
    for _ in range(3):
        await crash(worker, made, cause=cause)
        worker.engine.come_back()
        await worker.until(made, state="connected")


async def test_of_several_suspects_each_is_started_alone_until_one_brings_it_down(worker: Worker):
    made = [await worker.connected(f"n{n}") for n in range(4)]
    by_session = {str(one.id): one for one in made}
    bad, innocent = by_session[sorted(by_session)[2]], by_session[sorted(by_session)[3]]
    await crash(worker, *made)
    worker.engine.come_back()
    for one in made:
        await worker.until(one, state="connected")
    await crash(worker, *made)
    starts = [worker.calls("start", one) for one in made]
    worker.engine.connects_by_itself = False

    worker.engine.come_back()
    for name in sorted(by_session)[:2]:
        await _dials(worker, by_session[name])
        assert sum(worker.calls("start", one) for one in made) - sum(starts) == sorted(by_session).index(name) + 1
        worker.engine.connect(name)
        await _has_come_through(worker, by_session[name])
    await _dials(worker, bad)
    await crash(worker, bad)
    worker.engine.connects_by_itself = True
    worker.engine.come_back()

    await worker.until(bad, state="failed")
    worker.clock.advance(SECOND / 10)
    await worker.until(innocent, state="connected")


async def test_openings_that_hang_delay_nobody_however_many(worker: Worker):
    stagger = worker.lifecycle._parts.dialing
    assert isinstance(stagger, Stagger)
    with worker.engine.hold("start") as gate:
        hanging = [await worker.instances.create(f"n{n}") for n in range(70)]
        await gate.reached(len(hanging))
        del worker.engine._gates["start"]
        good = await worker.instances.create("boa", start=False)
        worker.engine.link(str(good.id))
        await worker.instances.start(good)

        await worker.until(good, state="connected")
        worker.engine._gates["start"] = gate


async def _dials(worker: Worker, instance: Instance) -> None:
    session = str(instance.id)
    await until(lambda: session in worker.engine.open and worker.engine.open[session].state == "dialing")


async def _has_come_through(worker: Worker, instance: Instance) -> None:
    session = worker.lifecycle._sessions[instance.id]
    await until(lambda: session.observed.state == "connected")
    worker.clock.advance(SECOND / 10)
