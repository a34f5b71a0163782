"""Reading chats and people: order, filters, names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from recado.domain.chats import FOREVER
from recado.domain.errors import Invalid, NotFound
from recado.domain.instances import Instance
from recado.domain.jid import Identity
from recado.domain.summaries import summary
from recado.services.reading.chats import Chats
from recado.services.reading.contacts import Contacts
from recado.services.reading.marks import Marks
from recado.store.database import Database
from tests.services.reading import instance_of, pages
from tests.stillclock import StillClock
from tests.store.house import BY_BOTH, BY_LID, BY_PHONE, GROUP, PHONE, House, at

YEARS_LATER = datetime(2030, 1, 1, tzinfo=UTC)
PEOPLE = [Identity(phone=f"55119000000{n:02d}") for n in range(6)]


@pytest.fixture
async def house(db: Database, clock: StillClock) -> House:
    return await House(db, clock).open()


@pytest.fixture
async def instance(house: House) -> Instance:
    return await instance_of(house)


@pytest.fixture
async def chats(db: Database) -> Chats:
    return Chats(db)


@pytest.fixture
async def contacts(db: Database) -> Contacts:
    return Contacts(db)


async def set_chats(house: House, phone: str | None, change: str) -> None:
    await house.rows(
        f"""UPDATE public.whatsapp_chats h SET {change} FROM public.whatsapp_contacts c
        WHERE c.id = h.contact_id AND (%s::text IS NULL OR c.phone_number = %s) RETURNING h.id""",
        phone,
        phone,
    )


async def test_pinned_chats_come_first_then_the_last_used(house: House, instance: Instance, chats: Chats):
    await house.hear(*[house.text(who=who, sent_at=at(9 - n)) for n, who in enumerate(PEOPLE[:5])])
    await house.hear(house.gap("3EB0FF", who=PEOPLE[5]))
    await set_chats(house, PEOPLE[3].phone, "pinned_at = now()")
    await set_chats(house, PEOPLE[4].phone, "pinned_at = now()")
    found = await pages(chats.list, instance)
    assert [PEOPLE.index(Identity(phone=one.chat.contact.phone_number)) for one in found] == [3, 4, 0, 1, 2, 5]


async def test_within_a_second_the_last_written_to_comes_first(house: House, instance: Instance, chats: Chats):
    await house.hear(*[house.text(who=who) for who in PEOPLE[:5]])
    found = await pages(chats.list, instance)
    assert [one.chat.contact.phone_number for one in found] == [who.phone for who in PEOPLE[4::-1]]


async def test_chats_say_what_is_unread_each_and_in_all(house: House, instance: Instance, chats: Chats):
    await house.hear(house.text(who=PEOPLE[0]), house.text(who=PEOPLE[0]), house.own(to=PEOPLE[1]))
    await house.hear(house.own(to=PEOPLE[2]))
    await set_chats(house, PEOPLE[2].phone, "is_marked_unread = true")
    page, unread = await chats.list(instance)
    counts = {one.chat.contact.phone_number: one.chat.unread_count for one in page.items if one.chat.contact}
    assert counts == {PEOPLE[0].phone: 2, PEOPLE[1].phone: 0, PEOPLE[2].phone: 0}
    assert (unread.chats, unread.messages) == (2, 2)


async def test_a_chat_shows_its_last_message(house: House, instance: Instance, chats: Chats):
    await house.hear(house.text("Oi", chat=GROUP, who=BY_BOTH, push_name="Maria"))
    [shown] = (await chats.list(instance))[0].items
    assert shown.last is not None
    assert (summary(shown.last), shown.last.sender and shown.last.sender.shown_name) == ("Oi", "Maria")
    assert await chats.get(instance, shown.chat.id) == shown


@pytest.mark.parametrize(
    ("change", "expected"),
    [("muted_until = NULL", None), ("muted_until = 'infinity'", FOREVER), ("muted_until = '2030-01-01Z'", YEARS_LATER)],
)
async def test_a_chat_is_muted_only_when_it_was_muted(
    house: House, instance: Instance, chats: Chats, change: str, expected: datetime | None
):
    await house.hear(house.text())
    await set_chats(house, None, change)
    [shown] = (await chats.list(instance))[0].items
    assert shown.chat.muted_until == expected


async def test_a_chat_without_any_message_is_there(house: House, instance: Instance, chats: Chats):
    await house.hear(house.gap("3EB0FF", who=BY_PHONE))
    [shown] = (await chats.list(instance))[0].items
    assert shown.last is None


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"is_archived": True}, {0}),
        ({"is_archived": False}, {1, 2, 9}),
        ({"is_unread": True}, {1, 2}),
        ({"is_unread": False}, {0, 9}),
        ({"kind": "group"}, {9}),
        ({"kind": "person"}, {0, 1, 2}),
        ({"search": "joao"}, {1}),
        ({"search": " CONCEIÇÃO "}, {1}),
        ({"search": "+55 (11) 9000-00002"}, {2}),
        ({"search": "equipe"}, {9}),
        ({"search": "50% _"}, set()),
        ({"search": "  "}, {0, 1, 2, 9}),
    ],
)
async def test_only_some_chats(
    house: House, instance: Instance, chats: Chats, options: dict[str, Any], expected: set[int]
):
    await house.hear(house.own(to=PEOPLE[0]), house.text(who=PEOPLE[1], push_name="João da Conceição"))
    await house.hear(house.text(who=PEOPLE[2]), house.text(chat=GROUP, is_from_me=True))
    await set_chats(house, PEOPLE[0].phone, "is_archived = true")
    await house.rows("UPDATE public.whatsapp_chats SET name = 'Equipe' WHERE kind = 'group' RETURNING id")
    found = (await chats.list(instance, **options))[0].items
    numbers = [one.chat.contact.phone_number if one.chat.contact else None for one in found]
    assert {PEOPLE.index(Identity(phone=number)) if number else 9 for number in numbers} == expected


async def test_people_are_listed_once_by_name_and_those_without_one_last(
    house: House, instance: Instance, contacts: Contacts
):
    await house.hear(house.text(who=BY_PHONE, push_name="maria"), house.text(who=BY_LID), house.text(chat=GROUP))
    await house.hear(house.text(who=BY_BOTH), house.text(who=PEOPLE[0]))
    await house.hear(house.text(who=PEOPLE[1], push_name="Zé"), house.text(who=PEOPLE[2], push_name="Ângela"))
    await house.hear(house.text(who=PEOPLE[3], push_name="🙂"), house.text(who=PEOPLE[4], push_name="Ana Maria " * 20))
    found = await pages(contacts.list, instance)
    names = [person.contact.push_name for person in found]
    assert [name and name[:9] for name in names] == ["Ana Maria", "Ângela", "maria", "Zé", "🙂", None]
    assert found[2].contact.phone_number == PHONE


async def test_a_person_is_shown_with_every_name_and_the_chat(house: House, instance: Instance, contacts: Contacts):
    await house.hear(house.text(who=BY_BOTH, push_name="mari"))
    await house.rows(
        """UPDATE public.whatsapp_contacts SET name = 'Maria Silva', first_name = 'Maria', business_name = 'Loja',
        is_saved = true RETURNING id"""
    )
    [person] = (await contacts.list(instance)).items
    assert (person.contact.shown_name, person.first_name, person.is_saved) == ("Maria Silva", "Maria", True)
    assert (person.contact.business_name, person.contact.push_name) == ("Loja", "mari")
    assert person.chat_id == await house.value("SELECT id FROM public.whatsapp_chats")
    assert await contacts.get(instance, person.contact.id) == person


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"is_saved": True}, ["Ana"]),
        ({"is_saved": False}, ["Bia", None]),
        ({"search": "ana"}, ["Ana"]),
        ({"search": "900000002"}, [None]),
        ({"search": "nobody"}, []),
    ],
)
async def test_only_some_people(
    house: House, instance: Instance, contacts: Contacts, options: dict[str, Any], expected: list[str | None]
):
    await house.hear(house.text(who=PEOPLE[0], push_name="Ana"), house.text(who=PEOPLE[1], push_name="Bia"))
    await house.hear(house.text(who=PEOPLE[2]))
    await house.rows("UPDATE public.whatsapp_contacts SET is_saved = true WHERE push_name = 'Ana' RETURNING id")
    assert [one.contact.push_name for one in (await contacts.list(instance, **options)).items] == expected


async def test_an_alias_answers_with_the_survivor(house: House, instance: Instance, chats: Chats, contacts: Contacts):
    await house.hear(house.text("1", who=BY_PHONE), house.text("2", who=BY_LID))
    aliases = [one.chat.id for one in (await chats.list(instance))[0].items]
    people = [one.contact.id for one in (await contacts.list(instance)).items]
    await house.hear(house.text("3", who=BY_BOTH))
    assert len({(await chats.get(instance, id)).chat.id for id in aliases}) == 1
    assert len({(await contacts.get(instance, id)).contact.id for id in people}) == 1
    assert len((await chats.list(instance))[0].items) == 1


async def test_nothing_of_another_instance_is_found(house: House, instance: Instance, chats: Chats, contacts: Contacts):
    other = await House(house.database, house.clock, "outra").open()
    await other.hear(other.text("Oi"))
    [(chat, person)] = await other.rows("SELECT chat_id, sender_id FROM public.whatsapp_messages")
    page, unread = await chats.list(instance)
    assert (page.items, unread.messages, (await contacts.list(instance)).items) == ([], 0, [])
    for asked in (chats.get(instance, chat), contacts.get(instance, person), chats.get(instance, uuid4())):
        with pytest.raises(NotFound):
            await asked


@pytest.mark.parametrize("cursor", ["", "x", "é", "AAAA", "W10", "!!!!"])
async def test_a_cursor_that_is_none_is_refused(instance: Instance, chats: Chats, contacts: Contacts, cursor: str):
    for asked in (chats.list(instance, after=cursor), contacts.list(instance, after=cursor)):
        with pytest.raises(Invalid):
            await asked


async def test_a_cursor_of_another_list_or_with_odd_parts_is_refused(
    instance: Instance, chats: Chats, contacts: Contacts
):
    id = uuid4()
    for cursor in (
        Marks("contacts", instance.id).at(True, at(0), 1, id),
        Marks("chats", uuid4()).at(True, at(0), 1, id),
        Marks("chats", instance.id).at("yes", at(0), 1, id),
        Marks("chats", instance.id).at(True, "soon", 1, id),
    ):
        with pytest.raises(Invalid):
            await chats.list(instance, after=cursor)
    for name in ("a\0b", "\n", 7):
        with pytest.raises(Invalid):
            await contacts.list(instance, after=Marks("contacts", instance.id).at(name, id))
