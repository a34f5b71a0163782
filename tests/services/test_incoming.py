"""The committer: answers after the commit, in order, whatever comes and whatever the database does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from recado.domain.engine import Inbound
from recado.domain.errors import Unavailable
from recado.services.bell import Bell
from recado.services.receiving.incoming import Committer
from recado.store.database import Database, Tx
from recado.telemetry import TROUBLES, UNKNOWN_SESSIONS
from tests.stillclock import StillClock
from tests.store.house import BY_BOTH, GROUP, House
from tests.waiting import until


class Gated:
    """A database that can be closed for a while: `hold` makes transactions wait, `fail` makes the next ones fail."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.opened = asyncio.Event()
        self.opened.set()
        self.failures: list[Exception] = []
        self.transactions = 0

    @contextlib.asynccontextmanager
    async def transaction(self, **options: Any) -> AsyncIterator[Tx]:
        self.transactions += 1
        await self.opened.wait()
        if self.failures:
            raise self.failures.pop(0)
        async with self._database.transaction(**options) as tx:
            yield tx

    def glance(self) -> AbstractAsyncContextManager[Tx]:
        return self._database.glance()


@pytest.fixture
async def house(db: Database, clock: StillClock) -> House:
    return await House(db, clock).open()


@pytest.fixture
async def gated(db: Database) -> Gated:
    return Gated(db)


@pytest.fixture
async def committer(gated: Gated, clock: StillClock, bell: Bell) -> AsyncIterator[Committer]:
    committer = Committer(gated, clock, bell)  # type: ignore[arg-type]
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(committer.run())
        await clock.until_asleep(1)
        yield committer
        running.cancel()


async def hear(committer: Committer, *inbound: Inbound) -> None:
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        for one in inbound:
            tasks.create_task(committer.handle(one))


async def test_the_answer_comes_after_the_commit(house: House, committer: Committer):
    await committer.handle(house.text("Oi"))
    assert await house.messages() == ["Oi"]


async def test_there_is_no_answer_while_the_commit_waits(house: House, committer: Committer, gated: Gated):
    gated.opened.clear()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(committer.handle(house.text("Oi")))
        await until(lambda: gated.transactions == 1)
        assert not waiting.done()
        gated.opened.set()
    assert await house.messages() == ["Oi"]


async def test_the_bell_rings_after_the_commit(house: House, committer: Committer, bell: Bell):
    with bell.listen() as ear:
        await committer.handle(house.text("Oi"))
        assert await ear.wait(timedelta(0))


async def test_what_waits_is_written_in_one_transaction_in_order(house: House, committer: Committer, gated: Gated):
    gated.opened.clear()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(committer.handle(house.text("0")))
        await until(lambda: gated.transactions == 1)
        for n in range(1, 40):
            tasks.create_task(committer.handle(house.text(str(n))))
        await asyncio.sleep(0)
        gated.opened.set()
    assert gated.transactions == 2
    assert await house.messages() == [str(n) for n in range(40)]


async def test_a_bad_one_is_kept_raw_and_the_others_are_whole(house: House, committer: Committer):
    before = TROUBLES._value.get()
    bad = house.text("bad", kind="a\0b")
    await hear(committer, *[house.text(str(n)) for n in range(6)], bad, *[house.text(str(n)) for n in range(6, 9)])
    assert await house.messages("kind, text") == [
        *[("conversation", str(n)) for n in range(6)],
        ("unknown", None),
        *[("conversation", str(n)) for n in range(6, 9)],
    ]
    [(raw, trouble)] = await house.rows("SELECT bytes, trouble FROM recado.message_raw WHERE trouble IS NOT NULL")
    assert (raw, trouble[:25]) == (bad.raw, "UntranslatableCharacter: ")
    assert TROUBLES._value.get() == before + 1


async def test_a_bad_one_is_told_as_unknown_with_both_identities(house: House, committer: Committer):
    await committer.handle(house.text("bad", kind="a\0b", who=BY_BOTH))
    [event] = await house.events()
    assert (event.data["kind"], event.data["text"]) == ("unknown", None)
    assert event.data["sender"]["phone_number"] == BY_BOTH.phone
    assert event.data["sender"]["lid"] == BY_BOTH.lid


async def test_everything_in_a_batch_may_be_bad(house: House, committer: Committer):
    await hear(committer, *[house.text(str(n), kind="\0") for n in range(5)], house.receipt("3EB0\0", type="read"))
    assert await house.messages("kind") == ["unknown"] * 5
    assert (await house.told())[-1] == "engine.notice"


async def test_an_instance_that_is_no_more_is_answered_and_counted(house: House, committer: Committer):
    before = UNKNOWN_SESSIONS._value.get()
    stranger = house.text("1", session=str(uuid4()))
    await hear(committer, stranger, house.text("2", session="no uuid"), house.text("3"))
    assert await house.messages() == ["3"]
    assert UNKNOWN_SESSIONS._value.get() == before + 2


async def test_an_instance_that_is_removed_meanwhile_harms_nobody(house: House, committer: Committer):
    other = await House(house.database, house.clock, "outra").open()
    await hear(committer, house.text("1"), other.text("1"))
    async with house.database.transaction() as tx:
        await tx.execute("DELETE FROM public.whatsapp_instances WHERE id = %s", [other.id])
    await hear(committer, house.text("2"), other.text("2"), house.text("3"))
    assert await house.messages() == ["1", "2", "3"]
    assert await other.messages() == []


async def test_while_the_database_is_away_nothing_is_answered_and_it_is_tried_again(
    house: House, committer: Committer, gated: Gated, clock: StillClock
):
    gated.failures = [Unavailable("database_unavailable", "away")] * 4
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(committer.handle(house.text("Oi")))
        for pause in (1, 2, 5, 5):
            await clock.until_asleep(2)
            assert clock.now() + timedelta(seconds=pause) in clock.due
            assert not waiting.done()
            clock.advance(timedelta(seconds=pause))
    assert await house.messages() == ["Oi"]
    assert await house.told() == ["message.received"]


async def test_a_commit_whose_answer_was_lost_is_not_doubled(db: Database, house: House, clock: StillClock, bell: Bell):
    class LosesTheAnswer(Gated):
        @contextlib.asynccontextmanager
        async def transaction(self, **options: Any) -> AsyncIterator[Tx]:
            async with super().transaction(**options) as tx:
                yield tx
            if self.transactions == 1:
                raise Unavailable("database_unavailable", "lost after the commit")

    committer = Committer(LosesTheAnswer(db), clock, bell)  # type: ignore[arg-type]
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(committer.run())
        waiting = tasks.create_task(committer.handle(house.text("Oi")))
        await clock.until_asleep(2)
        clock.advance(timedelta(seconds=1))
        await waiting
        running.cancel()
    assert await house.messages() == ["Oi"]
    assert await house.told() == ["message.received"]


async def test_what_is_unanswered_raises_when_it_stops(
    house: House, db: Database, gated: Gated, clock: StillClock, bell: Bell
):
    committer = Committer(gated, clock, bell)  # type: ignore[arg-type]
    gated.opened.clear()
    running = asyncio.create_task(committer.run())
    first = asyncio.create_task(committer.handle(house.text("1")))
    await until(lambda: gated.transactions == 1)
    second = asyncio.create_task(committer.handle(house.text("2")))
    await asyncio.sleep(0)
    running.cancel()
    answers = await asyncio.gather(first, second, running, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable, Unavailable, asyncio.CancelledError]
    with pytest.raises(Unavailable):
        await committer.handle(house.text("3"))
    assert await house.messages() == []


async def test_a_caller_that_gives_up_does_not_disturb_the_others(house: House, committer: Committer, gated: Gated):
    gated.opened.clear()
    impatient = asyncio.create_task(committer.handle(house.text("1")))
    await until(lambda: gated.transactions == 1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(committer.handle(house.text("2")))
        impatient.cancel()
        await asyncio.wait([impatient])
        gated.opened.set()
    assert await house.messages() == ["1", "2"]


async def test_activity_is_noted_every_ten_seconds_and_not_with_each_message(
    house: House, committer: Committer, clock: StillClock
):
    noted = "SELECT last_activity_at FROM public.whatsapp_instances"
    await hear(committer, house.text("1"), house.text("2", chat=GROUP))
    assert await house.value(noted) is None
    heard = clock.now()
    clock.advance(timedelta(seconds=10))
    assert await until(lambda: house.value(noted)) == heard
