"""Older messages on demand: asked of the phone, answered or not, and always with an end that can be seen."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from recado.domain.engine import EngineError
from recado.domain.errors import Conflict, NotFound, RecadoError, Unavailable
from recado.domain.history import OlderMessages
from recado.store.database import Database
from tests.services.handing_over import HandingOver
from tests.stillclock import StillClock
from tests.store.house import BY_PHONE, PHONE_JID, House, at
from tests.store.past import batch, conversation, message, tell
from tests.waiting import until


@pytest.fixture
async def house(db: Database, clock: StillClock) -> House:
    return await House(db, clock).open()


@pytest.fixture
async def phone(db: Database, clock: StillClock, house: House) -> HandingOver:
    return HandingOver(db, clock, house)


async def chat_of(house: House) -> UUID:
    """The only chat, which has two messages."""
    await house.hear(house.text("new", wa_id="NEW", sent_at=at(0)), house.own("old", wa_id="OLD", sent_at=at(0)))
    await tell(house, message(house, "older", wa_id="OLDEST", sent_at=at(-60), who=BY_PHONE))
    return await house.value("SELECT id FROM public.whatsapp_chats")


async def ask(phone: HandingOver, chat_id: UUID, count: int = 50) -> OlderMessages:
    return await phone.histories.ask(await phone.instance(), chat_id, count)


async def answer(phone: HandingOver, *told: Any, request: str = "REQUEST1") -> None:
    """The phone answers with a piece."""
    await phone.offer(b"answer", batch(phone.house, *told), sync_type="ON_DEMAND", request=request)


async def test_the_phone_is_asked_for_what_came_before_the_oldest_message(house: House, phone: HandingOver):
    async with phone.running():
        asked = await ask(phone, await chat_of(house))
    [(oldest, count)] = phone.asked
    assert (oldest.chat, oldest.wa_id, oldest.from_me, oldest.at, count) == (PHONE_JID, "OLDEST", False, at(-60), 50)
    assert (asked.state, asked.until - asked.asked_at) == ("asked", timedelta(seconds=60))


async def test_the_answer_ends_the_request_and_its_messages_are_there(house: House, phone: HandingOver):
    async with phone.running():
        asked = await ask(phone, await chat_of(house))
        await answer(phone, message(house, "oldest", sent_at=at(-90)), message(house, "older", wa_id="OLDEST"))
        ended = await phone.histories.settled(asked)
    assert (ended.state, ended.messages) == ("answered", 1)
    assert await house.messages() == ["oldest", "older", "new", "old"]


async def test_an_answer_is_fetched_before_what_nobody_waits_for(house: House, phone: HandingOver):
    await phone.offer(b"1", batch(house))
    await phone.offer(b"answer", batch(house), request="REQUEST1")
    async with phone.running():
        await phone.until_states("done", "done")
    assert phone.fetches == [b"answer", b"1"]


async def test_an_answer_that_is_faster_than_the_asking_is_matched_all_the_same(house: House, phone: HandingOver):
    chat_id = await chat_of(house)
    async with phone.running():
        await answer(phone, message(house, "oldest", sent_at=at(-90)))
        await phone.until_states("done")
        asked = await ask(phone, chat_id)
    assert (asked.state, asked.messages) == ("answered", 1)


async def test_a_phone_that_is_silent_is_waited_for_a_minute(house: House, phone: HandingOver, clock: StillClock):
    async with phone.running():
        asked = await ask(phone, await chat_of(house))
        waiting = asyncio.ensure_future(phone.histories.settled(asked))
        await clock.until_asleep()
        clock.advance(timedelta(seconds=59))
        assert (await phone.request(asked.id)).state == "asked"
        clock.advance(timedelta(seconds=1))
        ended = await waiting
    assert (ended.state, ended.ended_at) == ("timeout", clock.now())


async def test_the_minute_ends_also_after_a_restart(house: House, phone: HandingOver, clock: StillClock):
    async with phone.running():
        asked = await ask(phone, await chat_of(house))
    clock.advance(timedelta(hours=1))
    again = phone.again()
    async with again.running(connected=False):
        ended = await again.histories.settled(asked)
    assert ended.state == "timeout"


async def test_an_answer_after_the_minute_is_taken_all_the_same(house: House, phone: HandingOver, clock: StillClock):
    async with phone.running():
        asked = await ask(phone, await chat_of(house))
        await clock.until_asleep()
        clock.advance(timedelta(seconds=60))
        await phone.histories.settled(asked)
        await answer(phone, message(house, "oldest", sent_at=at(-90)))
        await phone.until_states("done")
        assert (await phone.request(asked.id)).state == "answered"


async def test_an_answer_that_cannot_be_had_is_a_failure(house: House, phone: HandingOver):
    phone.errors["fetch"] = [EngineError("file", "its hash is wrong")]
    async with phone.running():
        asked = await ask(phone, await chat_of(house))
        await answer(phone)
        ended = await phone.histories.settled(asked)
    assert (ended.state, ended.error) == ("failed", "its hash is wrong")


async def test_who_asks_twice_waits_for_the_first(house: House, phone: HandingOver):
    chat_id = await chat_of(house)
    async with phone.running():
        first, second = await ask(phone, chat_id), await ask(phone, chat_id)
    assert (first.id, len(phone.asked)) == (second.id, 1)


async def test_that_there_is_nothing_older_is_said_at_once(house: House, phone: HandingOver):
    chat_id = await chat_of(house)
    await tell(house, conversation(is_complete=True))
    async with phone.running():
        assert await refusal(phone, chat_id) == (Conflict, "no_older_messages")


async def test_a_chat_without_messages_gives_nothing_to_begin_from(house: House, phone: HandingOver):
    await tell(house, conversation())
    async with phone.running():
        chat_id = await house.value("SELECT id FROM public.whatsapp_chats")
        assert await refusal(phone, chat_id) == (Conflict, "no_message_to_begin_from")


async def test_an_instance_that_is_not_connected_cannot_ask(house: House, phone: HandingOver):
    chat_id = await chat_of(house)
    async with phone.running(connected=False):
        assert await refusal(phone, chat_id) == (Conflict, "not_connected")


async def test_a_chat_that_is_not_there_is_not_found(house: House, phone: HandingOver):
    async with phone.running():
        assert await refusal(phone, uuid4()) == (NotFound, "unknown_chat")


async def test_an_engine_that_cannot_ask_ends_the_request(house: House, phone: HandingOver):
    chat_id = await chat_of(house)
    phone.errors["ask"] = [EngineError("timeout", "no answer", may_retry=True)]
    async with phone.running():
        assert await refusal(phone, chat_id) == (Unavailable, "engine_timeout")
        [ended] = await phone.histories.requests(await phone.instance(), chat_id)
    assert (ended.state, ended.error) == ("failed", "no answer")


async def test_the_newest_request_comes_first(house: House, phone: HandingOver, clock: StillClock):
    chat_id = await chat_of(house)
    async with phone.running():
        first = await ask(phone, chat_id)
        await answer(phone)
        await until(lambda: phone.endings)
        clock.advance(timedelta(seconds=1))
        second = await ask(phone, chat_id)
        found = await phone.histories.requests(await phone.instance(), chat_id)
    assert [one.id for one in found] == [second.id, first.id]


async def refusal(phone: HandingOver, chat_id: UUID) -> tuple[type[RecadoError], str]:
    with pytest.raises(RecadoError) as refused:
        await ask(phone, chat_id)
    return type(refused.value), refused.value.code
