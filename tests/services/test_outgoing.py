"""What is accepted is sent once, in order, under its one id, whatever happens on the way."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import pytest

from recado.clock import SystemClock
from recado.domain.engine import EngineError
from recado.domain.errors import NotFound, Unavailable
from recado.domain.events import MESSAGE_FAILED, MESSAGE_QUEUED, MESSAGE_SENT
from recado.domain.messages import message_json
from recado.services.sending.sender import READ_AHEAD
from tests.services.post import GUARD, MARIA, office
from tests.stillclock import StillClock
from tests.waiting import until

TIMEOUT = EngineError("timeout", "no answer in time", may_retry=True, is_uncertain=True)


@pytest.fixture
async def post(db):
    async with office(db, SystemClock()) as post:
        yield post


async def test_what_is_accepted_is_queued_under_the_id_that_whatsapp_will_see(post):
    instance = await post.open(is_connected=False)
    accepted = await post.outgoing.accept(instance, to=MARIA, text="Oi")
    message = await post.read(accepted.message)
    assert (message.status, message.text, message.kind, message.from_me) == ("queued", "Oi", "conversation", True)
    assert message.wa_id == accepted.message.wa_id
    assert (await post.queue_length(), accepted.is_repeat) == (1, False)


async def test_accepting_is_one_event_with_the_message(post):
    instance = await post.open(is_connected=False)
    message = await post.send(instance)
    [event] = await post.events()
    assert (event.type, event.instance_name, event.chat_id) == (MESSAGE_QUEUED, "loja", message.chat.id)
    assert event.data == message_json(message)


async def test_a_message_is_sent_and_leaves_the_queue(post):
    instance = await post.open()
    message = await post.settled(await post.send(instance, "Olá, 👋"))
    assert message.status == "sent"
    assert [(one.wa_id, one.content) for one in post.engine.sent.values()] == [
        (message.wa_id, {"conversation": "Olá, 👋"})
    ]
    assert await post.queue_length() == 0


async def test_every_step_is_in_the_history_and_each_outcome_is_one_event(post):
    instance = await post.open()
    message = await post.settled(await post.send(instance))
    assert {step.status for step in (await post.read(message)).history} == {"queued", "sent"}
    assert [event.type for event in await post.events()] == [MESSAGE_QUEUED, MESSAGE_SENT]
    assert (await post.events(MESSAGE_SENT))[0].data == message_json(message)


async def test_messages_of_a_chat_go_in_order_one_at_a_time(post):
    instance = await post.open()
    with post.engine.hold("send") as gate:
        sent = [await post.send(instance, f"{n}") for n in range(10)]
        await gate.reached(1)
        assert gate.arrived == 1
    for message in sent:
        await post.settled(message)
    assert post.texts() == [f"{n}" for n in range(10)]


async def test_chats_go_side_by_side(post):
    instance = await post.open()
    with post.engine.hold("send") as gate:
        for n in range(5):
            await post.send(instance, to=f"+551198888000{n}")
        await gate.reached(5)


async def test_not_more_than_the_window_is_under_way_for_one_instance(post):
    instance = await post.open()
    with post.engine.hold("send") as gate:
        for n in range(20):
            await post.send(instance, f"{n}", to=f"+55119888800{n:02}")
        await gate.reached(16)
        other = await post.open("outra")
        await post.send(other)
        await gate.reached(17)
        assert gate.arrived == 17
    await until(lambda: len(post.engine.sent) == 21)


async def test_a_message_waits_for_its_instance_to_connect(post):
    instance = await post.open(is_connected=False)
    message = await post.send(instance)
    other = await post.open("outra")
    await post.settled(await post.send(other))
    assert (await post.read(message)).status == "queued"
    await post.connect(instance)
    assert (await post.settled(message)).status == "sent"


async def test_a_try_without_an_answer_is_repeated_with_the_same_id(post):
    instance = await post.open()
    post.engine.script("send", TIMEOUT)
    message = await post.send(instance)
    assert (await post.settled(message)).status == "sent"
    assert [one.wa_id for _, one in post.engine.attempts] == [message.wa_id, message.wa_id]


async def test_nothing_of_a_chat_overtakes_a_message_that_has_to_be_repeated(post):
    instance = await post.open(is_connected=False)
    post.engine.script("send", TIMEOUT)
    messages = [await post.send(instance, text) for text in ("a", "b")]
    await post.connect(instance)
    for message in messages:
        await post.settled(message)
    assert post.texts() == ["a", "a", "b"]


async def test_other_chats_go_on_while_one_waits_to_be_repeated(db):
    async with office(db, StillClock()) as post:
        instance = await post.open()
        post.engine.script("send", EngineError("server", "later", server_code=503))
        await post.send(instance, "a")
        await until(lambda: ("send", str(instance.id), 1) in post.engine.calls)
        assert (await post.settled(await post.send(instance, "b", to="+5511988880000"))).status == "sent"
        assert post.texts() == ["b"]


async def test_a_refusal_for_good_is_kept_with_the_servers_code(post):
    instance = await post.open()
    post.engine.script("send", EngineError("server", "the account may not start new chats", server_code=463))
    message = await post.settled(await post.send(instance))
    assert (message.status, message.error_code) == ("failed", "server_463")
    assert message.error_detail == "the account may not start new chats"
    [event] = await post.events(MESSAGE_FAILED)
    assert event.data["error"] == {"code": "server_463", "detail": "the account may not start new chats"}
    assert (await post.queue_length(), post.engine.attempts) == (0, [])


async def test_the_next_message_of_a_chat_goes_after_one_that_was_refused(post):
    instance = await post.open()
    post.engine.script("send", EngineError("invalid_message", "no"))
    first, second = [await post.send(instance, text) for text in ("a", "b")]
    assert (await post.settled(first)).status == "failed"
    assert (await post.settled(second)).status == "sent"


async def test_an_error_of_the_engine_itself_is_tried_again(post):
    instance = await post.open()
    post.engine.script("send", ZeroDivisionError("a bug"))
    assert (await post.settled(await post.send(instance))).status == "sent"


async def test_what_was_under_way_at_a_crash_goes_again_with_the_same_id(db):
    clock = SystemClock()
    async with office(db, clock) as before:
        instance = await before.open()
        with before.engine.hold("send") as gate:
            message = await before.send(instance)
            await gate.reached(1)
            assert (await before.read(message)).status == "sending"
            engine = before.engine
    async with office(db, clock, engine) as after:
        after.roster.enter(instance.id, 1)
        assert (await after.settled(message)).status == "sent"
        assert {one.wa_id for _, one in after.engine.attempts} == {message.wa_id}


async def test_a_pause_outlives_a_crash_and_nothing_overtakes_it(db):
    clock = SystemClock()
    async with office(db, clock) as before:
        instance = await before.open(is_connected=False)
        before.engine.script("send", TIMEOUT)
        first, second = [await before.send(instance, text) for text in ("a", "b")]
        await before.connect(instance)
        await until(lambda: was_put_off(before))
        engine = before.engine
    async with office(db, clock, engine) as after:
        after.roster.enter(instance.id, 1)
        for message in (first, second):
            await after.settled(message)
        assert after.texts() == ["a", "a", "b"]


async def test_a_chat_with_more_messages_than_are_read_at_once_starves_no_other(post):
    instance = await post.open(is_connected=False)
    maria = "5511988887777@s.whatsapp.net"
    await asyncio.gather(*(post.send(instance, f"{n}", to=maria) for n in range(READ_AHEAD + 20)))
    other = await post.send(instance, "other", to="+5511988880000")
    with post.engine.hold("send") as gate:
        await post.connect(instance)
        await gate.reached(2)
    await post.settled(other)
    await until(lambda: is_empty(post))
    assert [text for text in post.texts() if text != "other"] == [f"{n}" for n in range(READ_AHEAD + 20)]


async def test_an_outcome_that_cannot_be_written_is_kept_and_written_later(post, monkeypatch):
    instance = await post.open()
    with post.engine.hold("send") as gate:
        message = await post.send(instance)
        await gate.reached(1)
        is_away = asyncio.Event()
        with monkeypatch.context() as patch:
            patch.setattr(post.database, "transaction", lambda **_: away(is_away))
            gate.open()
            await is_away.wait()
    assert (await post.settled(message)).status == "sent"
    assert len(post.engine.attempts) == 1


async def test_accepting_without_a_database_is_unavailable_and_the_next_one_is_taken(post, monkeypatch):
    instance = await post.open(is_connected=False)
    to = "5511988887777@s.whatsapp.net"
    with monkeypatch.context() as patch:
        patch.setattr(post.database, "transaction", lambda **_: away(asyncio.Event()))
        with pytest.raises(Unavailable):
            await post.send(instance, to=to)
    await post.send(instance, to=to)
    assert await post.queue_length() == 1


async def test_a_disconnect_holds_messages_back_and_a_connect_lets_them_go_at_once(post):
    instance = await post.open()
    post.engine.script("send", EngineError("not_connected", "no", may_retry=True))
    message = await post.send(instance)
    await until(lambda: ("send", str(instance.id), 1) in post.engine.calls)
    post.disconnect(instance)
    await post.connect(instance)
    assert (await post.settled(message)).status == "sent"


async def test_a_receipt_that_is_faster_than_the_answer_is_not_undone(post):
    instance = await post.open()
    with post.engine.hold("send") as gate:
        message = await post.send(instance)
        await gate.reached(1)
        async with post.database.transaction() as tx:
            await tx.execute("UPDATE public.whatsapp_messages SET status = 'delivered' WHERE id = %s", (message.id,))
    await until(lambda: is_empty(post))
    assert (await post.read(message)).status == "delivered"
    assert [event.type for event in await post.events()] == [MESSAGE_QUEUED, MESSAGE_SENT]


async def test_waiting_for_a_message_ends_when_the_time_is_up(post):
    instance = await post.open(is_connected=False)
    message = await post.send(instance)
    assert (await post.outgoing.settled(message.id, timeout=timedelta(0))).status == "queued"


async def test_waiting_for_a_message_that_is_not_there_is_refused(post):
    with pytest.raises(NotFound):
        await post.outgoing.settled(post.clock.new_id(), timeout=GUARD)


@contextlib.asynccontextmanager
async def away(was_tried: asyncio.Event):
    was_tried.set()
    raise Unavailable("database_unavailable", "The database does not answer.")
    yield


async def was_put_off(post) -> bool:
    async with post.database.transaction() as tx:
        cursor = await tx.execute("SELECT FROM recado.send_queue WHERE attempts = 1 AND not_before IS NOT NULL")
        return cursor.rowcount == 1


async def is_empty(post) -> bool:
    return await post.queue_length() == 0
