"""The pace of sending: strangers one by one, answers at once, and nobody waits for another instance."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from recado.domain.pacing import Pace, Span
from recado.services.sending.sender import READ_AHEAD
from recado.store import queue
from tests.services.post import MARIA, office
from tests.stillclock import StillClock
from tests.waiting import until

SECOND = timedelta(seconds=1)
PACE = Pace(strangers=Span(least=SECOND, most=3 * SECOND), others=Span(least=SECOND / 5, most=SECOND / 2), burst=2)


@pytest.fixture
async def post(db):
    clock = StillClock()
    async with office(db, clock, pace=PACE, seed=7) as post:
        yield post


@pytest.fixture
def begun(monkeypatch) -> list[datetime]:
    """When each message began."""
    honest, moments = queue.claim, []

    async def claim(tx, message_ids, now):
        claimed = await honest(tx, message_ids, now)
        moments.extend([now] * len(claimed))
        return claimed

    monkeypatch.setattr(queue, "claim", claim)
    return moments


@pytest.fixture
async def passing(post):
    """Time passes, a tenth of a second at a time."""

    async def pass_time() -> None:
        while True:
            await asyncio.sleep(0.005)
            post.clock.advance(SECOND / 10)

    task = asyncio.ensure_future(pass_time())
    yield
    task.cancel()


def number(n: int) -> str:
    return f"55119888{n:05}@s.whatsapp.net"


async def taken(post, count: int) -> None:
    await until(lambda: len(post.texts()) == count)


async def test_the_first_message_to_a_stranger_goes_at_once(post, begun):
    instance = await post.open()
    await post.settled(await post.send(instance))
    assert begun == [post.clock.now()]


async def test_strangers_are_written_to_one_by_one(post, begun, passing):
    instance = await post.open(is_connected=False)
    for n in range(5):
        await post.send(instance, f"{n}", to=number(n))
    await post.connect(instance)
    await taken(post, 5)
    assert all(later - earlier >= SECOND for earlier, later in pairwise(begun))


async def test_answers_go_in_a_burst_and_then_at_their_own_pace(post, begun, passing):
    instance = await post.open(is_connected=False)
    for n in range(4):
        await post.heard_from(instance, number(n))
        await post.send(instance, f"{n}", to=number(n))
    await post.connect(instance)
    await taken(post, 4)
    assert begun[1] == begun[0]
    assert begun[2] - begun[0] >= PACE.others.least
    assert begun[3] - begun[0] >= 2 * PACE.others.least


async def test_an_answer_waits_for_no_campaign_however_long_that_is(post):
    instance = await post.open(is_connected=False)
    for n in range(READ_AHEAD + 20):
        await post.send(instance, f"{n}", to=number(n))
    await post.heard_from(instance)
    answer = await post.send(instance, "answer", to=MARIA)
    await post.connect(instance)
    assert (await post.settled(answer)).status == "sent"
    assert sorted(post.texts()) == ["0", "answer"]


async def test_an_answer_takes_along_what_waited_for_the_same_person(post):
    instance = await post.open(is_connected=False)
    await post.send(instance, "stranger", to=number(1))
    await post.send(instance, "campaign", to=MARIA)
    await post.connect(instance)
    await taken(post, 1)
    await post.heard_from(instance)
    answer = await post.send(instance, "answer", to=MARIA)
    await post.settled(answer)
    assert post.texts() == ["stranger", "campaign", "answer"]


async def test_who_wrote_more_than_a_day_ago_is_written_to_as_a_stranger(post):
    instance = await post.open(is_connected=False)
    for n, ago in ((1, 23), (2, 25)):
        await post.heard_from(instance, number(n), ago=timedelta(hours=ago))
    lanes = [(await post.outgoing.accept(instance, to=number(n), text=f"{n}")).waiting.lane for n in (1, 2, 3)]
    assert lanes == ["open", "known", "new"]


async def test_one_instance_waits_for_no_other(post):
    busy, other = await post.open("busy"), await post.open("other")
    for n in range(5):
        await post.send(busy, f"{n}", to=number(n))
    message = await post.send(other, "other", to=number(1))
    assert (await post.settled(message)).status == "sent"
    assert sorted(post.texts()) == ["0", "other"]


async def test_a_reconnect_lets_no_more_go_at_once(post):
    instance = await post.open(is_connected=False)
    for n in range(3):
        await post.send(instance, f"{n}", to=number(n))
    await post.connect(instance)
    await taken(post, 1)
    post.disconnect(instance)
    await post.connect(instance, fence=2)
    answer = await post.send(instance, "answer", to="120363000000000001@g.us")
    await post.settled(answer)
    assert sorted(post.texts()) == ["0", "answer"]


async def test_a_chat_keeps_its_order_at_any_pace(post, passing):
    instance = await post.open()
    for n in range(4):
        await post.send(instance, f"{n}")
    await taken(post, 4)
    assert post.texts() == ["0", "1", "2", "3"]


async def test_without_a_pace_nobody_waits(db):
    async with office(db, StillClock()) as post:
        instance = await post.open()
        for n in range(20):
            await post.send(instance, f"{n}", to=number(n))
        await until(lambda: len(post.texts()) == 20)
