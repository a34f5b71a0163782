"""Appointments, expiry and cancelling: what may not go is never sent, and holds nothing back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from recado.domain.engine import EngineError
from recado.domain.errors import Conflict, Invalid
from recado.domain.events import MESSAGE_FAILED, MESSAGE_STATUS
from recado.store import queue
from tests.services.post import MARIA, office
from tests.stillclock import StillClock
from tests.waiting import until

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
JOAO = "+5511977776666"


@pytest.fixture
async def post(db):
    async with office(db, StillClock()) as post:
        yield post


async def sent(post, *texts: str) -> None:
    await until(lambda: post.texts() == list(texts))


async def has(post, message, status: str) -> bool:
    return (await post.read(message)).status == status


async def test_a_message_with_an_appointment_goes_then_and_not_before(post):
    instance = await post.open()
    message = await post.send(instance, "later", send_at=post.clock.now() + HOUR)
    await post.settled(await post.send(instance, "now", to=JOAO))
    post.clock.advance(HOUR - SECOND)
    await post.settled(await post.send(instance, "still before", to=JOAO))
    assert (await post.read(message)).status == "queued"
    post.clock.advance(SECOND)
    assert (await post.settled(message)).status == "sent"
    assert post.texts() == ["now", "still before", "later"]


async def test_an_appointment_holds_nobody_of_its_chat_back(post):
    instance = await post.open()
    await post.send(instance, "later", send_at=post.clock.now() + HOUR)
    assert (await post.settled(await post.send(instance, "now"))).status == "sent"


async def test_those_that_came_due_while_nobody_was_there_go_in_the_order_of_their_times(post):
    instance = await post.open(is_connected=False)
    now = post.clock.now()
    for text, hours in (("third", 3), ("second", 2), ("first", 1)):
        await post.send(instance, text, send_at=now + hours * HOUR)
    await post.send(instance, "before all")
    post.clock.advance(4 * HOUR)
    await until(lambda: nothing_is_scheduled(post, instance))
    await post.connect(instance)
    await sent(post, "before all", "first", "second", "third")


async def test_it_stands_in_its_chat_at_the_time_when_it_went(post):
    instance = await post.open()
    later = await post.send(instance, "later", send_at=post.clock.now() + HOUR)
    await post.settled(await post.send(instance, "now"))
    post.clock.advance(HOUR)
    message = await post.settled(later)
    assert message.sent_at == post.clock.now()
    assert message.chat.last_message_id == message.id


async def test_an_appointment_outlives_a_crash(db):
    clock = StillClock()
    async with office(db, clock) as before:
        instance = await before.open(is_connected=False)
        message = await before.send(instance, send_at=clock.now() + HOUR)
    clock.advance(2 * HOUR)
    async with office(db, clock) as after:
        after.engine.link(str(instance.id))
        await after.connect(instance)
        assert (await after.settled(message)).status == "sent"


async def test_a_repeat_whose_appointment_is_over_gets_its_first_answer(post):
    instance = await post.open()
    asked = {"send_at": post.clock.now() + HOUR, "idempotency_key": "k"}
    first = await post.send(instance, **asked)
    post.clock.advance(2 * HOUR)
    again = await post.outgoing.accept(instance, to=MARIA, text="Oi", **asked)
    assert (again.message.id, again.is_repeat) == (first.id, True)
    with pytest.raises(Invalid):
        await post.send(instance, "another", **asked)


async def test_what_has_expired_fails_and_is_never_sent(post):
    instance = await post.open(is_connected=False)
    message = await post.send(instance, "stale", expires_in=HOUR)
    other = await post.send(instance, "fresh")
    post.clock.advance(HOUR)
    await until(lambda: has(post, message, "failed"))
    await post.connect(instance)
    await post.settled(other)
    failed = await post.read(message)
    assert (failed.error_code, post.texts(), await post.queue_length()) == ("expired", ["fresh"], 0)
    [event] = await post.events(MESSAGE_FAILED)
    assert (event.data["id"], event.data["error"]["code"]) == (str(message.id), "expired")


async def test_what_expires_behind_another_of_its_chat_is_not_sent_after_it(post):
    instance = await post.open()
    with post.engine.hold("send") as gate:
        first = await post.send(instance, "first")
        stale = await post.send(instance, "stale", expires_in=HOUR)
        await gate.reached(1)
        post.clock.advance(2 * HOUR)
    await post.settled(first)
    assert (await post.settled(stale)).error_code == "expired"
    assert post.texts() == ["first"]


async def test_what_may_have_gone_out_does_not_expire(post):
    instance = await post.open()
    post.engine.script("send", EngineError("timeout", "no answer", may_retry=True, is_uncertain=True))
    message = await post.send(instance, expires_in=HOUR)
    await until(lambda: was_repeated(post))
    post.clock.advance(2 * HOUR)
    assert (await post.settled(message)).status == "sent"
    assert [one.wa_id for _, one in post.engine.attempts] == [message.wa_id] * 2


async def test_what_was_certainly_not_sent_expires_although_it_was_tried(post):
    instance = await post.open()
    post.engine.script("send", EngineError("not_connected", "no", may_retry=True))
    message = await post.send(instance, expires_in=HOUR)
    await until(lambda: is_back(post))
    post.disconnect(instance)
    post.clock.advance(2 * HOUR)
    assert (await post.settled(message)).error_code == "expired"


async def test_what_is_cancelled_is_told_and_never_sent_and_what_follows_goes(post):
    instance = await post.open(is_connected=False)
    first, second = [await post.send(instance, text) for text in ("first", "second")]
    cancelled = await post.outgoing.cancel(instance, first)
    assert cancelled.status == "cancelled"
    [event] = await post.events(MESSAGE_STATUS)
    assert (event.data["id"], event.data["status"]) == (str(first.id), "cancelled")
    await post.connect(instance)
    await post.settled(second)
    assert post.texts() == ["second"]
    assert {step.status for step in (await post.read(first)).history} == {"queued", "cancelled"}


async def test_cancelling_twice_is_cancelling_once(post):
    instance = await post.open(is_connected=False)
    message = await post.send(instance)
    for _ in range(2):
        message = await post.outgoing.cancel(instance, message)
    assert (message.status, len(await post.events(MESSAGE_STATUS))) == ("cancelled", 1)


async def test_what_is_on_its_way_cannot_be_cancelled(post):
    instance = await post.open()
    with post.engine.hold("send") as gate:
        message = await post.send(instance)
        await gate.reached(1)
        with pytest.raises(Conflict) as caught:
            await post.outgoing.cancel(instance, message)
    assert caught.value.code == "message_sending"
    assert (await post.settled(message)).status == "sent"


async def test_what_may_have_gone_out_cannot_be_cancelled(post):
    instance = await post.open()
    post.engine.script("send", EngineError("timeout", "no answer", may_retry=True, is_uncertain=True))
    message = await post.send(instance)
    await until(lambda: was_repeated(post))
    with pytest.raises(Conflict) as caught:
        await post.outgoing.cancel(instance, message)
    assert caught.value.code == "message_sending"


async def test_what_was_sent_cannot_be_cancelled(post):
    instance = await post.open()
    message = await post.settled(await post.send(instance))
    with pytest.raises(Conflict) as caught:
        await post.outgoing.cancel(instance, message)
    assert caught.value.code == "not_cancellable"


async def test_what_was_certainly_not_sent_can_be_cancelled_although_it_was_tried(post):
    instance = await post.open()
    post.engine.script("send", EngineError("server", "busy", server_code=503))
    first, second = [await post.send(instance, text) for text in ("first", "second")]
    await until(lambda: was_repeated(post))
    assert (await post.outgoing.cancel(instance, first)).status == "cancelled"
    await post.settled(second)
    assert post.texts() == ["second"]


async def test_an_appointment_can_be_cancelled(post):
    instance = await post.open()
    message = await post.send(instance, send_at=post.clock.now() + HOUR)
    assert (await post.outgoing.cancel(instance, message)).status == "cancelled"
    assert await post.queue_length() == 0


async def test_what_is_cancelled_in_the_moment_before_it_is_claimed_is_not_sent(post, monkeypatch):
    instance = await post.open(is_connected=False)
    message = await post.send(instance, "no")
    other = await post.send(instance, "yes")
    honest = queue.claim

    async def claim(tx, message_ids, now):
        if message.id in message_ids:
            await post.outgoing.cancel(instance, message)
        return await honest(tx, message_ids, now)

    monkeypatch.setattr(queue, "claim", claim)
    await post.connect(instance)
    await post.settled(other)
    assert (post.texts(), (await post.read(message)).status) == (["yes"], "cancelled")


async def test_the_queue_tells_what_waits(post):
    instance = await post.open(is_connected=False)
    since = post.clock.now()
    await post.send(instance)
    await post.send(instance, to=JOAO)
    await post.send(instance, send_at=since + HOUR)
    view = await post.outgoing.queue(instance)
    counts = view.counts
    assert (counts.queued, counts.under_way, counts.scheduled, counts.to_strangers) == (2, 0, 1, 2)
    assert (counts.oldest_at, counts.next_send_at) == (since, since + HOUR)
    assert view.halt is not None
    assert view.halt.is_for_all


async def rows(post, condition: str) -> int:
    async with post.database.transaction() as tx:
        cursor = await tx.execute(f"SELECT FROM recado.send_queue WHERE {condition}")
        return cursor.rowcount


async def was_repeated(post) -> bool:
    return await rows(post, "attempts = 1") == 1


async def is_back(post) -> bool:
    return await rows(post, "last_error IS NOT NULL AND tried_at IS NULL") == 1


async def nothing_is_scheduled(post, instance) -> bool:
    return (await post.outgoing.queue(instance)).counts.scheduled == 0
