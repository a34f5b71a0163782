"""Reading messages, chats and people, page by page."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from recado.domain.errors import Invalid, NotFound
from recado.domain.instances import Instance
from recado.domain.jid import Identity
from recado.services.cursors import to_cursor
from recado.services.messages import Messages
from recado.store import instances
from recado.store.database import Database
from tests.stillclock import StillClock
from tests.store.house import BY_BOTH, BY_LID, BY_PHONE, GROUP, PHONE, House, at


@pytest.fixture
async def house(db: Database, clock: StillClock) -> House:
    return await House(db, clock).open()


@pytest.fixture
async def instance(house: House) -> Instance:
    async with house.database.transaction() as tx:
        found = await instances.get(tx, house.id)
    assert found is not None
    return found


@pytest.fixture
async def reading(db: Database) -> Messages:
    return Messages(db)


async def pages(read: Any, *args: Any, **options: Any) -> list[Any]:
    """All items of a list, two at a time."""
    items, after = [], None
    while True:
        page = await read(*args, after=after, limit=2, **options)
        assert len(page.items) <= 2
        items += page.items
        if page.next is None:
            return items
        after = page.next


async def test_a_chat_is_read_from_its_end_in_its_own_order(house: House, instance: Instance, reading: Messages):
    await house.hear(*[house.text(str(n), sent_at=at(n // 3)) for n in range(7)], house.text("x", chat=GROUP))
    person = (await reading.chats(instance)).items[0]
    found = await pages(reading.list, instance, chat_id=person.id)
    assert [message.text for message in found] == [str(n) for n in reversed(range(7))]


async def test_an_instance_is_read_from_the_last_message_written(house: House, instance: Instance, reading: Messages):
    await house.hear(*[house.text(str(n), who=Identity(phone=str(n % 3))) for n in range(5)])
    assert [message.text for message in await pages(reading.list, instance)] == ["4", "3", "2", "1", "0"]


async def test_a_page_that_ends_with_the_list_has_no_next(house: House, instance: Instance, reading: Messages):
    await house.hear(house.text("1"), house.text("2"))
    assert (await reading.list(instance, limit=2)).next is None


async def test_one_message_is_found_by_either_id_with_its_history(house: House, instance: Instance, reading: Messages):
    own = house.own("Olá")
    await house.hear(own)
    await house.hear(house.receipt(own.wa_id))
    by_theirs = await reading.get(instance, own.wa_id)
    assert by_theirs == await reading.get(instance, str(by_theirs.id))
    steps = [(step.status, step.contact.phone_number if step.contact else None) for step in by_theirs.history]
    assert steps == [("sent", None), ("delivered", PHONE)]


async def test_chats_come_by_their_last_message_and_say_what_is_unread(
    house: House, instance: Instance, reading: Messages
):
    people = [Identity(phone=str(n)) for n in range(5)]
    await house.hear(*[house.text(who=who, sent_at=at(9 - n)) for n, who in enumerate(people)])
    await house.hear(house.gap("3EB0FF", who=Identity(phone="9")))
    found = await pages(reading.chats, instance)
    assert [chat.contact.phone_number for chat in found] == ["0", "1", "2", "3", "4", "9"]
    assert [chat.unread_count for chat in found] == [1, 1, 1, 1, 1, 0]


async def test_people_are_listed_once(house: House, instance: Instance, reading: Messages):
    await house.hear(house.text(who=BY_PHONE, push_name="Maria"), house.text(who=BY_LID), house.text(chat=GROUP))
    await house.hear(house.text(who=BY_BOTH), house.text(who=Identity(phone="2")), house.text(who=Identity(phone="3")))
    found = await pages(reading.contacts, instance)
    assert [person.phone_number for person in found] == [PHONE, "2", "3"]
    assert found[0].shown_name == "Maria"


async def test_an_alias_answers_with_the_survivor(house: House, instance: Instance, reading: Messages):
    await house.hear(house.text("1", who=BY_PHONE), house.text("2", who=BY_LID))
    aliases = {chat.id for chat in (await reading.chats(instance)).items}
    people = {person.id for person in (await reading.contacts(instance)).items}
    await house.hear(house.text("3", who=BY_BOTH))
    assert len({(await reading.chat(instance, id)).id for id in aliases}) == 1
    assert len({(await reading.contact(instance, id)).id for id in people}) == 1
    for id in aliases:
        assert [one.text for one in (await reading.list(instance, chat_id=id)).items] == ["3", "2", "1"]


async def test_nothing_of_another_instance_is_found(house: House, instance: Instance, reading: Messages):
    other = await House(house.database, house.clock, "outra").open()
    theirs = other.text("Oi")
    await other.hear(theirs)
    [(chat, message, person)] = await other.rows("SELECT chat_id, id, sender_id FROM public.whatsapp_messages")
    assert (await reading.list(instance)).items == []
    for asked in (
        reading.list(instance, chat_id=chat),
        reading.get(instance, message),
        reading.get(instance, theirs.wa_id),
        reading.chat(instance, chat),
        reading.contact(instance, person),
        reading.chat(instance, uuid4()),
    ):
        with pytest.raises(NotFound):
            await asked


TOO_LARGE = to_cursor(at(0), 2**63, UUID(int=1))
WITHOUT_ZONE = to_cursor(at(0).replace(tzinfo=None), 1, UUID(int=1))


@pytest.mark.parametrize("cursor", ["", "x", "é", "AAAA", "MSAyIDM", "MSAyIDMgNA", "!!!!", TOO_LARGE, WITHOUT_ZONE])
async def test_a_cursor_that_is_none_is_refused(house: House, instance: Instance, reading: Messages, cursor: str):
    await house.hear(house.text())
    [chat] = (await reading.chats(instance)).items
    for asked in (
        reading.list(instance, after=cursor),
        reading.list(instance, chat_id=chat.id, after=cursor),
        reading.chats(instance, after=cursor),
        reading.contacts(instance, after=cursor),
    ):
        with pytest.raises(Invalid):
            await asked
