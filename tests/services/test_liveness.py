"""A connection that answers and brings nothing is noticed, asked about, made anew; a quiet night is left alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import pytest

from recado.domain.instances import Instance
from recado.domain.liveness import ANSWER_WITHIN, hour_of
from recado.services.life.liveness import Liveness
from recado.store import traffic
from recado.store.database import Database
from tests.services.worker import Worker
from tests.stillclock import StillClock
from tests.waiting import until

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NIGHT = range(7)


@pytest.fixture
async def worker(db: Database, clock: StillClock) -> AsyncIterator[Worker]:
    async with Worker(db, clock, watches=True).running() as worker:
        yield worker


def by_day(hour: datetime) -> int:
    return 0 if hour.hour in NIGHT else 30


async def known(worker: Worker, busy: Callable[[datetime], int] = by_day, name: str = "loja") -> Instance:
    """An instance of which two weeks are remembered, at midnight, whose phone is off."""
    made = await worker.connected(name)
    worker.clock.set(hour_of(worker.clock.now()).replace(hour=0) + DAY)
    liveness(worker)._came(made.id)
    hours = [worker.clock.now() - n * HOUR for n in range(1, 15 * 24 + 1)]
    async with worker.database.transaction() as tx:
        await traffic.add(tx, {(made.id, hour): busy(hour) for hour in hours})
    worker.engine.phone(str(made.id)).is_there = False
    return made


def liveness(worker: Worker) -> Liveness:
    assert worker.vigil is not None
    return worker.vigil.liveness


async def pass_by(worker: Worker, hours: float) -> None:
    """Time in steps of five minutes, each with a look, and none while it is being connected."""
    for _ in range(round(hours * 12)):
        worker.clock.advance(5 * MINUTE)
        await liveness(worker).look()
        await until(lambda: all(one.observed.state == "connected" for one in worker.lifecycle._sessions.values()))


async def test_a_quiet_night_brings_no_alarm_and_no_question(worker: Worker):
    made = await known(worker)
    steps = await worker.codes(made)

    await pass_by(worker, 7)

    assert worker.calls("ask_phone", made) == 0
    assert await worker.codes(made) == steps


async def test_the_same_night_where_it_is_never_quiet_is_doubted(worker: Worker):
    made = await known(worker, lambda hour: 30)

    await pass_by(worker, 1)

    assert worker.calls("ask_phone", made) >= 1
    assert "nothing_heard" in await worker.codes(made)


async def test_a_silence_by_day_leads_to_a_new_connection_and_a_sentence(worker: Worker):
    made = await known(worker)
    await pass_by(worker, 7)
    dials = worker.calls("start", made)

    await pass_by(worker, 0.75)

    await until(lambda: worker.calls("start", made) == dials + 1)
    await worker.until(made, state="connected")
    [told] = [step for step in await _steps(worker, made) if step.code == "nothing_heard"]
    assert told.sentence.startswith("WhatsApp answers, but nothing has come for 7 h")


async def test_the_phone_is_asked_first_and_its_answer_settles_it(worker: Worker):
    made = await known(worker)
    worker.engine.phone(str(made.id)).is_there = True
    await pass_by(worker, 12)

    assert worker.calls("ask_phone", made) >= 2
    assert "nothing_heard" not in await worker.codes(made)


async def test_what_comes_while_the_answer_is_waited_for_settles_it_too(worker: Worker):
    made = await known(worker, lambda hour: 30)
    await pass_by(worker, 0.5)
    assert worker.calls("ask_phone", made) == 1

    await worker.engine.receive(str(made.id), text="late, but here")
    worker.clock.advance(ANSWER_WITHIN)
    await liveness(worker).look()

    assert "nothing_heard" not in await worker.codes(made)


async def test_when_the_new_connection_brings_nothing_either_it_is_a_concern_until_something_comes(worker: Worker):
    made = await known(worker, lambda hour: 30)
    await pass_by(worker, 2)

    row = await worker.until(made, state="connected", reason="nothing_comes")
    assert (row.status, row.user_action) == ("connected", "open_phone")
    await worker.engine.receive(str(made.id), text="here again")
    await pass_by(worker, 1 / 12)

    assert (await worker.until(made, reason=None)).user_action is None
    assert (await worker.codes(made))[-1] == "something_came"


async def test_it_is_not_connected_anew_more_than_every_six_hours(worker: Worker):
    made = await known(worker, lambda hour: 30)

    await pass_by(worker, 12)

    assert (await worker.codes(made)).count("nothing_heard") == 2
    assert (await worker.codes(made)).count("nothing_comes") == 1


async def test_minutes_in_which_somebody_wrote_are_counted_by_the_hour(worker: Worker):
    made = await worker.connected()
    start = hour_of(worker.clock.now()) + HOUR
    worker.clock.set(start)
    for text, minute in (("a", 0), ("b", 0), ("c", 7), ("d", 61)):
        worker.clock.set(start + minute * MINUTE)
        await worker.engine.receive(str(made.id), text=text)
        await worker.engine.receipt(str(made.id), "3EB0AA")
    await worker.engine.receive(str(made.id), text="own", is_from_me=True)
    worker.clock.advance(10 * MINUTE)
    await liveness(worker).look()

    async with worker.database.transaction() as tx:
        usual = await traffic.of(tx, [made.id])
    assert usual[made.id] == {start: 2, start + HOUR: 1}


async def _steps(worker: Worker, made: Instance):
    return (await worker.instances.timeline(made, language="en", after=None, limit=50)).items
