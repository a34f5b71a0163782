"""Chats, people and found messages of several instances in one list: whose they are, their order, what they cost."""

from __future__ import annotations

from typing import Any, cast

import pytest

from recado.domain.access import EVERYTHING, Access
from recado.domain.errors import Invalid, NotFound
from recado.domain.jid import Identity
from recado.services.reading.chats import Chats
from recado.services.reading.inbox import Inbox
from recado.services.reading.messages import Messages
from recado.store.database import Database
from tests.plans import WatchedDatabase
from tests.services.reading import instance_of
from tests.stillclock import StillClock
from tests.store.house import House, at

PEOPLE = [Identity(phone=f"55119000000{n:02d}") for n in range(6)]
MANY = (
    "DROP INDEX public.whatsapp_messages_search",
    """INSERT INTO public.whatsapp_instances (id, instance_name)
    SELECT gen_random_uuid(), 'i' || n FROM generate_series(1, 200) n""",
    """INSERT INTO public.whatsapp_contacts (id, instance_id, phone_number, push_name)
    SELECT gen_random_uuid(), %(instance)s, 551190000000 + n, 'Pessoa ' || n FROM generate_series(1, 5000) n""",
    """INSERT INTO public.whatsapp_contacts (id, instance_id, phone_number, push_name)
    SELECT gen_random_uuid(), i.id, 551190000000 + n, 'Cliente ' || n
    FROM public.whatsapp_instances i, generate_series(1, 20) n WHERE i.id <> %(instance)s""",
    """INSERT INTO public.whatsapp_chats (id, instance_id, kind, contact_id, last_message_at, last_tiebreak)
    SELECT gen_random_uuid(), instance_id, 'person', id, now() - random() * interval '90 days', 1
    FROM public.whatsapp_contacts""",
    """INSERT INTO public.whatsapp_messages (id, instance_id, chat_id, sender_id, from_me, wa_id, kind, text, sent_at,
    status) SELECT gen_random_uuid(), h.instance_id, h.id, h.contact_id, false, 'FILL' || n, 'conversation', 'Oi',
    h.last_message_at - n * interval '1 minute', 'received' FROM public.whatsapp_chats h, generate_series(0, 3) n""",
    """UPDATE public.whatsapp_chats h SET last_message_id = m.id FROM public.whatsapp_messages m
    WHERE m.chat_id = h.id AND m.wa_id = 'FILL0'""",
    "ANALYZE",
)
LARGE = {"whatsapp_chats", "whatsapp_contacts", "whatsapp_messages"}


@pytest.fixture
async def house(db: Database, clock: StillClock) -> House:
    return await House(db, clock).open()


@pytest.fixture
async def other(db: Database, house: House, clock: StillClock) -> House:
    return await House(db, clock, "outra").open()


@pytest.fixture
async def inbox(db: Database) -> Inbox:
    return Inbox(db, Messages(db))


@pytest.fixture
async def large(house: House) -> House:
    """The same with 5,000 chats, beside 200 instances that have 20 each."""
    async with house.database.transaction() as tx:
        for statement in MANY:
            await tx.execute(statement, {"instance": house.id})
    return house


@pytest.fixture
async def watched(db: Database) -> WatchedDatabase:
    return WatchedDatabase(db)


@pytest.fixture
async def costly(watched: WatchedDatabase) -> Inbox:
    database = cast(Database, watched)
    return Inbox(database, Messages(database))


def only(house: House) -> Access:
    return Access(key_id=None, scopes=frozenset({"messages:read"}), instance_id=house.id)


async def all_of(read: Any, *args: Any, **options: Any) -> list[Any]:
    """Every item of a list, two at a time."""
    items, after = [], None
    while True:
        listed = await read(*args, after=after, limit=2, **options)
        items += listed.page.items
        if (after := listed.page.next) is None:
            return items


async def phones(read: Any, *args: Any, **options: Any) -> list[str]:
    return [one.chat.contact.phone_number for one in await all_of(read, *args, **options)]


async def test_chats_of_all_instances_stand_in_one_order_the_pinned_ones_first(
    house: House, other: House, inbox: Inbox
):
    await house.hear(*[house.text(who=PEOPLE[n], sent_at=at(n)) for n in (0, 2, 4)], house.gap("F0", who=PEOPLE[5]))
    await other.hear(*[other.text(who=PEOPLE[n], sent_at=at(n)) for n in (1, 3)])
    await house.rows(
        """UPDATE public.whatsapp_chats h SET pinned_at = now() FROM public.whatsapp_contacts c
        WHERE c.id = h.contact_id AND c.phone_number = ANY (%s) RETURNING h.id""",
        [PEOPLE[0].phone, PEOPLE[1].phone],
    )
    assert await phones(inbox.chats, EVERYTHING) == [PEOPLE[n].phone for n in (1, 0, 4, 3, 2, 5)]
    assert await phones(inbox.chats, EVERYTHING, await instance_of(house)) == [PEOPLE[n].phone for n in (0, 4, 2, 5)]


async def test_each_chat_comes_with_its_instance(house: House, other: House, inbox: Inbox):
    await house.hear(house.text())
    await other.hear(other.text(sent_at=at(1)))
    listed = await inbox.chats(EVERYTHING)
    names = [listed.instances[one.chat.instance_id].instance_name for one in listed.page.items]
    assert names == ["outra", "loja"]


async def test_a_key_of_one_instance_sees_nothing_of_another(house: House, other: House, inbox: Inbox):
    await house.hear(house.text("Oi", who=PEOPLE[0]))
    await other.hear(other.text("Oi", who=PEOPLE[1]))
    theirs = [chat for (chat,) in await house.rows("SELECT id FROM public.whatsapp_chats")]
    assert await phones(inbox.chats, only(house)) == [PEOPLE[0].phone]
    assert await phones(inbox.chats, only(house), await instance_of(other)) == [PEOPLE[0].phone]
    assert (await inbox.unread(only(house))).messages == 1
    found = await inbox.some(only(house), theirs)
    assert [one.chat.instance_id for one in found.page.items] == [house.id]
    assert [one.contact.phone_number for one in await all_of(inbox.people, only(house))] == [PEOPLE[0].phone]
    assert [hit.message.instance_id for hit in await all_of(inbox.search, only(house), "Oi")] == [house.id]
    assert [one.id for one in await inbox.choices(only(house), limit=9)] == [house.id]


async def test_a_key_whose_instance_is_gone_finds_nothing(house: House, other: House, inbox: Inbox):
    await other.hear(other.text("Oi"))
    gone = only(house)
    await house.rows("DELETE FROM public.whatsapp_instances WHERE id = %s RETURNING id", house.id)
    with pytest.raises(NotFound):
        await inbox.search(gone, "Oi")
    assert await all_of(inbox.chats, gone) == []


async def test_words_are_found_in_all_instances_the_newest_first(house: House, other: House, inbox: Inbox):
    for n, one in enumerate((house, other, house)):
        await one.hear(one.text(f"pedido {n}", who=PEOPLE[n]))
    found = await all_of(inbox.search, EVERYTHING, "pedidos")
    assert [hit.message.text for hit in found] == ["pedido 2", "pedido 1", "pedido 0"]
    found = await all_of(inbox.search, EVERYTHING, "pedidos", await instance_of(house))
    assert [hit.message.text for hit in found] == ["pedido 2", "pedido 0"]


async def test_people_of_all_instances_with_and_without_a_chat(house: House, other: House, inbox: Inbox):
    await house.hear(house.text(who=PEOPLE[0], push_name="Maria"))
    await other.hear(other.text(who=PEOPLE[1], push_name="Ana", chat="1@g.us", chat_identity=Identity()))
    names = [one.contact.push_name for one in await all_of(inbox.people, EVERYTHING)]
    alone = [one.contact.push_name for one in await all_of(inbox.people, EVERYTHING, has_chat=False)]
    assert (names, alone) == (["Ana", "Maria"], ["Ana"])


async def test_a_cursor_of_another_list_is_refused(house: House, other: House, inbox: Inbox):
    for n in range(2):
        await house.hear(house.text(who=PEOPLE[n]))
    listed = await inbox.chats(EVERYTHING, limit=1)
    single = (await Chats(house.database).list(await instance_of(house), limit=1))[0]
    for cursor, instance in ((listed.page.next, await instance_of(house)), (single.next, None)):
        with pytest.raises(Invalid):
            await inbox.chats(EVERYTHING, instance, after=cursor)


@pytest.mark.parametrize("of", ["all", "one"])
async def test_a_page_of_ten_thousand_chats_reads_only_itself(
    large: House, watched: WatchedDatabase, costly: Inbox, of: str
):
    instance = await instance_of(large) if of == "one" else None
    after = None
    for _ in range(3):
        listed = await costly.chats(EVERYTHING, instance, is_archived=False, after=after)
        after = listed.page.next
    assert len(watched.plans) == 3 * 2
    assert watched.scanned() & LARGE == set()
    assert watched.indexes() >= {"whatsapp_chats_pinned", f"whatsapp_chats_{'order' if of == 'one' else 'recent'}"}
    assert watched.blocks < 3 * 2_000


async def test_what_a_list_costs_does_not_depend_on_how_many_instances_it_is_of(
    large: House, watched: WatchedDatabase, costly: Inbox
):
    listed = await costly.chats(EVERYTHING, search="cliente 1")
    await costly.unread(EVERYTHING)
    await costly.some(EVERYTHING, [one.chat.id for one in listed.page.items])
    await costly.people(EVERYTHING, search="cliente 2")
    assert len(listed.instances) > 5
    assert len(watched.plans) == 2 + 1 + 2 + 2
    assert "whatsapp_messages" not in watched.scanned()
