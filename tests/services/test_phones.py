"""A phone that gives no sign is asked, and warned of at ten and twelve days; its sign takes the warning back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from recado.domain.instances import Instance
from recado.domain.liveness import ANSWER_WITHIN
from recado.store import phones
from recado.store.database import Database
from tests.services.worker import Worker
from tests.stillclock import StillClock
from tests.waiting import until

DAY = timedelta(days=1)


@pytest.fixture
async def worker(db: Database, clock: StillClock) -> AsyncIterator[Worker]:
    async with Worker(db, clock, watches=True).running() as worker:
        yield worker


async def linked(worker: Worker, name: str = "loja") -> Instance:
    """An instance whose phone is written down, and is off from now on."""
    made = await worker.connected(name)
    await looked(worker)
    worker.engine.phone(str(made.id)).is_there = False
    return made


async def looked(worker: Worker) -> None:
    assert worker.vigil is not None
    await worker.vigil.phones.look()


async def silent_for(worker: Worker, silence: timedelta) -> None:
    """Let the time pass, have the phone asked, and let its time to answer pass too."""
    worker.clock.advance(silence)
    await looked(worker)
    worker.clock.advance(ANSWER_WITHIN)
    await looked(worker)


async def kept(worker: Worker, instance: Instance) -> phones.Phone:
    async with worker.database.transaction() as tx:
        [phone] = await phones.of(tx, [instance.id], worker.clock.now())
    return phone


async def test_after_ten_days_it_is_a_concern_of_the_instance_and_after_twelve_a_graver_one(worker: Worker):
    made = await linked(worker)
    await silent_for(worker, 10 * DAY)

    row = await worker.until(made, reason="phone_offline")
    assert (row.status, row.state, row.user_action) == ("connected", "connected", "open_phone")
    await silent_for(worker, 2 * DAY)

    await worker.until(made, reason="phone_unlinks_soon", user_action="open_phone")
    assert (await worker.codes(made))[-2:] == ["phone_offline", "phone_unlinks_soon"]
    told = [event["reason"] for event in await worker.events("instance.state")]
    assert told[-2:] == ["phone_offline", "phone_unlinks_soon"]


async def test_before_ten_days_nothing_is_said(worker: Worker):
    made = await linked(worker)
    await silent_for(worker, 10 * DAY - ANSWER_WITHIN - timedelta(seconds=1))

    assert (await worker.row(made)).reason is None


async def test_a_warning_is_told_once_however_often_it_is_looked_at(worker: Worker):
    made = await linked(worker)
    await silent_for(worker, 10 * DAY)
    for _ in range(3):
        await silent_for(worker, timedelta(hours=1))

    assert (await worker.codes(made)).count("phone_offline") == 1


async def test_it_is_taken_back_when_the_phone_gives_a_sign(worker: Worker):
    made = await linked(worker)
    await silent_for(worker, 12 * DAY)
    await worker.until(made, reason="phone_unlinks_soon")

    await worker.engine.give_sign(str(made.id))

    row = await worker.until(made, reason=None)
    assert row.user_action is None
    assert (await worker.codes(made))[-1] == "phone_back"
    await until(lambda: _is_forgotten(worker, made))


async def _is_forgotten(worker: Worker, made: Instance) -> bool:
    return (await kept(worker, made)).told is None


async def test_a_phone_that_answers_when_it_is_asked_is_no_concern(worker: Worker):
    made = await linked(worker)
    worker.engine.phone(str(made.id)).is_there = True

    await silent_for(worker, 11 * DAY)

    assert worker.calls("ask_phone", made) == 1
    assert (await worker.row(made)).reason is None
    assert "phone_offline" not in await worker.codes(made)


async def test_an_old_sign_that_comes_late_counts_from_when_it_was_given(worker: Worker):
    made = await linked(worker)
    before = worker.clock.now()
    worker.clock.advance(10 * DAY)
    await worker.engine.give_sign(str(made.id), at=before + DAY)

    await until(lambda: _was_seen_at(worker, made, before + DAY))


async def _was_seen_at(worker: Worker, made: Instance, moment: datetime) -> bool:
    await looked(worker)
    return (await kept(worker, made)).seen_at == moment


async def test_the_next_recado_shows_the_warning_again_and_does_not_tell_it_again(db: Database, clock: StillClock):
    async with Worker(db, clock, watches=True).running() as first:
        made = await linked(first)
        await silent_for(first, 10 * DAY)
        await first.until(made, reason="phone_offline")
        devices = dict(first.engine.devices)
    second = Worker(db, clock, watches=True)
    second.engine.devices.update(devices)
    second.engine.phone(str(made.id)).is_there = False
    async with second.running():
        await second.until(made, state="connected", reason="phone_offline")

        assert (await second.codes(made)).count("phone_offline") == 1
        await second.engine.give_sign(str(made.id))
        await second.until(made, state="connected", reason=None)
        assert (await second.codes(made))[-1] == "phone_back"


async def test_a_phone_that_is_linked_anew_was_there(worker: Worker):
    made = await linked(worker)
    await silent_for(worker, 12 * DAY)
    await worker.until(made, reason="phone_unlinks_soon")
    worker.engine.unlink(str(made.id))
    await worker.instances.start(await worker.until(made, state="logged_out"))
    await worker.until(made, state="awaiting_scan")

    worker.engine.pair(str(made.id))
    await worker.until(made, state="connected")
    await looked(worker)

    phone = await kept(worker, made)
    assert (phone.seen_at, phone.told) == (worker.clock.now(), None)
    assert (await worker.row(made)).reason is None
