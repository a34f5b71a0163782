"""When WhatsApp lets a number start no new chats: those wait, all else goes on, and it ends by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from recado.domain.engine import EngineError, Notice
from recado.domain.pauses import NOTICE, WAITS
from tests.services.post import MARIA, office
from tests.stillclock import StillClock
from tests.waiting import until

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
JOAO, ANA = "+5511977776666", "+5511966665555"
REFUSED = EngineError("server", "no new chats now", server_code=463)


class Teller:
    """Hears what instances are to say; `then` is what happens meanwhile."""

    def __init__(self) -> None:
        self.said: list[str | None] = []
        self.then = lambda: None

    async def __call__(self, instance_id, pause) -> None:
        if not self.said or self.said[-1] != (pause and pause.reason):
            self.said.append(pause and pause.reason)
            self.then()


@pytest.fixture
def teller() -> Teller:
    return Teller()


@pytest.fixture
async def post(db, teller):
    async with office(db, StillClock(), tell=teller) as post:
        yield post


def lock(post, instance, until) -> Notice:
    value = {"is_active": True, "time_enforcement_ends": str(int(until.timestamp()))}
    return Notice(session=str(instance.id), name=NOTICE, value=value)


async def test_a_refused_new_chat_fails_with_its_code_and_the_next_ones_wait(post):
    instance = await post.open()
    post.engine.script("send", REFUSED)
    refused = await post.settled(await post.send(instance, "refused"))
    waits = await post.send(instance, "waits", to=JOAO)
    await post.heard_from(instance, ANA)
    await post.settled(await post.send(instance, "answer", to=ANA))
    assert (refused.status, refused.error_code) == ("failed", "server_463")
    assert ((await post.read(waits)).status, post.texts()) == ("queued", ["answer"])


async def test_the_queue_says_what_holds_it_up_and_until_when(post):
    instance = await post.open()
    post.engine.script("send", REFUSED)
    await post.settled(await post.send(instance))
    await post.send(instance, to=JOAO)
    view = await post.outgoing.queue(instance)
    assert view.halt is not None
    assert (view.halt.reason, view.halt.until) == ("new_chats_refused", post.clock.now() + WAITS[0])
    assert (view.halt.is_for_all, view.counts.to_strangers) == (False, 1)


async def test_what_waited_goes_by_itself_when_the_pause_is_over(post, teller):
    instance = await post.open()
    await post.outgoing.hear(lock(post, instance, post.clock.now() + HOUR))
    waits = await post.send(instance)
    await until(lambda: teller.said == ["time_lock"])
    post.clock.advance(HOUR - SECOND)
    assert (await post.read(waits)).status == "queued"
    post.clock.advance(SECOND)
    assert (await post.settled(waits)).status == "sent"
    await until(lambda: teller.said == ["time_lock", None])


async def test_a_pause_that_ends_while_it_is_told_is_told_to_be_over(post, teller):
    instance = await post.open()
    teller.then = lambda: post.clock.advance(HOUR)
    await post.outgoing.hear(lock(post, instance, post.clock.now() + HOUR))
    await until(lambda: teller.said == ["time_lock", None])


async def test_each_refusal_in_a_row_waits_longer_and_a_taken_one_ends_the_count(post):
    instance = await post.open()
    for n, wait in enumerate(WAITS[:3]):
        post.engine.script("send", REFUSED)
        message = await post.settled(await post.send(instance, f"{n}", to=f"+551197777000{n}"))
        assert message.error_code == "server_463"
        halt = post.outgoing.halt(instance)
        assert halt is not None
        assert halt.until == post.clock.now() + wait
        post.clock.advance(wait)
    await post.settled(await post.send(instance, "taken", to=ANA))
    post.engine.script("send", REFUSED)
    await post.settled(await post.send(instance, "again", to=JOAO))
    halt = post.outgoing.halt(instance)
    assert halt is not None
    assert halt.until == post.clock.now() + WAITS[0]


async def test_whatsapp_can_end_it_before_its_time(post):
    instance = await post.open()
    await post.outgoing.hear(lock(post, instance, post.clock.now() + HOUR))
    waits = await post.send(instance)
    await post.outgoing.hear(Notice(session=str(instance.id), name=NOTICE, value={"is_active": False}))
    assert (await post.settled(waits)).status == "sent"


async def test_a_pause_outlives_a_crash(db):
    clock = StillClock()
    async with office(db, clock) as before:
        instance = await before.open(is_connected=False)
        await before.outgoing.hear(lock(before, instance, clock.now() + HOUR))
        engine = before.engine
    async with office(db, clock, engine) as after:
        await after.connect(instance)
        waits = await after.send(instance)
        await after.heard_from(instance, ANA)
        await after.settled(await after.send(instance, "answer", to=ANA))
        assert (await after.read(waits)).status == "queued"
        clock.advance(HOUR)
        assert (await after.settled(waits)).status == "sent"


async def test_what_waits_can_expire_and_be_cancelled(post):
    instance = await post.open()
    await post.outgoing.hear(lock(post, instance, post.clock.now() + 24 * HOUR))
    stale = await post.send(instance, "stale", to=JOAO, expires_in=HOUR)
    taken_back = await post.send(instance, "no", to=ANA)
    assert (await post.outgoing.cancel(instance, taken_back)).status == "cancelled"
    post.clock.advance(HOUR)
    assert (await post.settled(stale)).error_code == "expired"
    assert post.texts() == []


async def test_somebody_who_writes_meanwhile_is_answered_with_what_waited(post):
    instance = await post.open()
    await post.outgoing.hear(lock(post, instance, post.clock.now() + HOUR))
    waits = await post.send(instance, "waits", to=MARIA)
    await post.heard_from(instance, MARIA)
    await post.settled(await post.send(instance, "answer", to=MARIA))
    assert ((await post.read(waits)).status, post.texts()) == ("sent", ["waits", "answer"])


async def test_one_instance_is_paused_and_no_other(post):
    paused, other = await post.open("a"), await post.open("b")
    await post.outgoing.hear(lock(post, paused, post.clock.now() + HOUR))
    assert (await post.settled(await post.send(other))).status == "sent"


async def test_another_number_is_free_of_it(db):
    clock = StillClock()
    async with office(db, clock) as post:
        instance = await post.open()
        await post.outgoing.hear(lock(post, instance, clock.now() + 24 * HOUR))
        async with db.transaction() as tx:
            await tx.execute("UPDATE public.whatsapp_instances SET phone_number = '5511900000000'")
    async with office(db, clock, post.engine) as after:
        await after.connect(instance)
        assert (await after.settled(await after.send(instance))).status == "sent"


async def test_a_temporary_ban_holds_all_of_it_until_its_end(post):
    instance = await post.open(is_connected=False)
    ends = post.clock.now() + HOUR
    banned = replace(instance, state="blocked", reason="temporary_ban", next_at=ends)
    halt = post.outgoing.halt(banned)
    assert halt is not None
    assert (halt.reason, halt.until, halt.is_for_all) == ("temporary_ban", ends, True)
