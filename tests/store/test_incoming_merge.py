"""A person known by number and by LID is one contact with one chat, in whatever order that becomes known."""

from __future__ import annotations

import asyncio
import itertools
import random
from datetime import timedelta

import pytest
from psycopg.errors import ForeignKeyViolation

from recado.domain.engine import Inbound, Incoming
from recado.domain.jid import Identity
from recado.store import chats, contacts, messages
from recado.store.database import Database
from recado.store.identities import find_chat_for, lock
from tests.stillclock import StillClock
from tests.store.house import BY_BOTH, BY_LID, BY_PHONE, GROUP, LID, PHONE, House, at

LIVING = "SELECT id, phone_number, lid FROM public.whatsapp_contacts WHERE merged_into IS NULL"
CHATS = "SELECT id, contact_id FROM public.whatsapp_chats WHERE merged_into IS NULL"


@pytest.fixture
async def house(db: Database, clock: StillClock) -> House:
    return await House(db, clock).open()


async def assert_one(house: House) -> None:
    [(contact, phone, lid)] = await house.rows(LIVING)
    [(chat, owner)] = await house.rows(CHATS)
    assert (phone, lid, owner) == (PHONE, LID, contact)
    assert await house.value("SELECT count(*) FROM public.whatsapp_messages WHERE chat_id <> %s", chat) == 0
    strangers = "SELECT count(*) FROM public.whatsapp_messages WHERE sender_id IS NOT NULL AND sender_id <> %s"
    assert await house.value(strangers, contact) == 0


async def test_known_by_number_then_writing_with_both(house: House):
    await house.hear(house.text("1", who=BY_PHONE))
    await house.hear(house.text("2", who=BY_BOTH))
    await house.hear(house.text("3", who=BY_LID))
    await assert_one(house)
    assert await house.messages() == ["1", "2", "3"]
    assert await house.told() == ["message.received"] * 3


async def test_known_by_lid_then_writing_with_both(house: House):
    await house.hear(house.text("1", who=BY_LID))
    await house.hear(house.text("2", who=BY_BOTH))
    await assert_one(house)


@pytest.mark.parametrize(("first", "second"), [(BY_PHONE, BY_LID), (BY_LID, BY_PHONE)])
async def test_two_contacts_that_are_one_are_united_into_the_older(house: House, first: Identity, second: Identity):
    await house.hear(house.text("1", who=first, push_name="Maria"))
    [(oldest, *_)] = await house.rows(LIVING)
    [(oldest_chat, _)] = await house.rows(CHATS)
    await house.hear(house.text("2", who=second))
    await house.hear(house.text("3", who=BY_BOTH))
    await assert_one(house)
    assert [id for id, *_ in await house.rows(LIVING)] == [oldest]
    assert [id for id, _ in await house.rows(CHATS)] == [oldest_chat]
    assert await house.messages() == ["1", "2", "3"]
    assert await house.rows("SELECT unread_count FROM public.whatsapp_chats WHERE merged_into IS NULL") == [(3,)]


async def test_the_merge_is_told_before_the_message_that_brought_it(house: House):
    await house.hear(house.text(who=BY_PHONE), house.text(who=BY_LID))
    await house.hear(house.text("3", who=BY_BOTH))
    events = (await house.events())[2:]
    assert [event.type for event in events] == ["contact.merged", "chat.merged", "message.received"]
    [(contact, phone, lid)] = await house.rows(LIVING)
    assert (events[0].data["contact_id"], events[0].data["contact"]["lid"]) == (str(contact), lid)
    assert events[1].data["chat"]["phone_number"] == phone
    assert events[1].data["chat_id"] == str(events[1].chat_id) == str(events[2].chat_id)


async def test_the_aliases_answer_with_the_survivor(house: House):
    await house.hear(house.text(who=BY_PHONE), house.text(who=BY_LID))
    await house.hear(house.text(who=BY_BOTH))
    contact_event, chat_event = (await house.events())[2:4]
    async with house.database.transaction() as tx:
        chat = await chats.get_chat(tx, house.id, chat_event.data["merged_id"])
        contact = await contacts.get_contact(tx, house.id, contact_event.data["merged_id"])
        living = await house.rows("SELECT id FROM public.whatsapp_chats WHERE merged_into IS NULL")
        assert living == [(chat_event.chat_id,)]
    assert chat is not None
    assert contact is not None
    assert (str(chat.id), str(contact.id)) == (chat_event.data["chat_id"], contact_event.data["contact_id"])


async def test_equal_messages_of_both_chats_become_one(house: House):
    one = house.text("Oi", who=BY_PHONE)
    await house.hear(one, house.text("Oi", who=BY_LID, wa_id=one.wa_id))
    await house.hear(house.text("!", who=BY_BOTH))
    await assert_one(house)
    assert await house.messages() == ["Oi", "!"]


async def test_different_messages_with_one_id_are_both_kept(house: House):
    one = house.text("Oi", who=BY_PHONE)
    await house.hear(one, house.text("Outra", who=BY_LID, wa_id=one.wa_id))
    await house.hear(house.text("!", who=BY_BOTH))
    await assert_one(house)
    assert await house.messages("text, variant") == [("Oi", 0), ("Outra", 1), ("!", 0)]


async def test_a_message_of_ours_in_both_chats_keeps_the_furthest_status_and_the_callers_id(house: House):
    own = house.own("Olá", to=BY_LID)
    await house.hear(own, house.receipt(own.wa_id, type="read", who=BY_LID))
    async with house.database.transaction() as tx:
        chat, _ = await find_chat_for(tx, house.id, BY_PHONE, house.clock.new_id)
        id = house.clock.new_id()
        await messages.insert_outgoing(
            tx, id=id, chat=chat, wa_id=own.wa_id, kind="conversation", text="Olá", sent_at=at(0)
        )
        await tx.execute(
            "INSERT INTO recado.idempotency_keys (instance_id, key, request_hash, message_id) VALUES (%s, 'k', '', %s)",
            [house.id, id],
        )
    await house.hear(house.text("!", who=BY_BOTH))
    assert await house.messages("id, text, status") == [
        (id, "Olá", "read"),
        (await house.value("SELECT id FROM public.whatsapp_messages WHERE NOT from_me"), "!", "received"),
    ]
    assert await house.value("SELECT message_id FROM recado.idempotency_keys") == id
    steps = "SELECT status FROM public.whatsapp_message_status ORDER BY status"
    assert await house.rows(steps) == [("queued",), ("read",), ("sent",)]


async def test_what_each_of_them_wrote_in_groups_is_of_one_person(house: House):
    one = house.text("A", who=BY_PHONE, chat=GROUP)
    await house.hear(one, house.text("A", who=BY_LID, chat=GROUP, wa_id=one.wa_id))
    await house.hear(house.text("B", who=BY_LID, chat=GROUP), house.text("C", who=BY_BOTH, chat=GROUP))
    assert await house.messages() == ["A", "B", "C"]
    [(contact, *_)] = await house.rows(LIVING)
    assert set(await house.messages("sender_id")) == {contact}


async def test_their_receipts_are_of_one_person(house: House):
    own = house.text("Olá", chat=GROUP, chat_identity=Identity(), is_from_me=True)
    steps = [house.receipt(own.wa_id, who=who, chat=GROUP, type="read") for who in (BY_PHONE, BY_LID)]
    await house.hear(own, *steps, house.receipt("3EB0FF", who=BY_PHONE), house.receipt("3EB0FF", who=BY_LID))
    await house.hear(house.text("!", who=BY_BOTH))
    read = "SELECT count(*) FROM public.whatsapp_message_status WHERE status = 'read'"
    assert await house.value(read) == 1
    assert await house.value("SELECT count(*) FROM recado.early_receipts") == 1


async def test_waiting_messages_go_with_the_chat(house: House):
    await house.hear(house.text(who=BY_PHONE))
    async with house.database.transaction() as tx:
        chat, _ = await find_chat_for(tx, house.id, BY_LID, house.clock.new_id)
        message = await messages.insert_outgoing(
            tx, id=house.clock.new_id(), chat=chat, wa_id="3EB0AA", kind="conversation", text="Olá", sent_at=at(0)
        )
        await tx.execute(
            "INSERT INTO recado.send_queue (message_id, instance_id, chat_id, recipient, content)"
            " VALUES (%s, %s, %s, '', '{}')",
            [message.id, house.id, chat.id],
        )
    await house.hear(house.text(who=BY_BOTH))
    await assert_one(house)
    [(living, _)] = await house.rows(CHATS)
    assert await house.value("SELECT chat_id FROM recado.send_queue") == living


async def test_aliases_of_aliases_point_at_who_is_left(house: House):
    await house.hear(house.text("1", who=BY_PHONE), house.text("2", who=BY_LID))
    await house.hear(house.text("3", who=BY_BOTH))
    await house.hear(house.text("4", who=Identity(phone="5511900000000")))
    await house.hear(house.text("5", who=Identity(phone="5511900000000", lid=LID)))
    assert await house.rows(LIVING.replace("id, ", "", 1)) == [("5511900000000", LID)]
    loose = (
        "SELECT count(*) FROM public.{0} a JOIN public.{0} b ON b.id = a.merged_into WHERE b.merged_into IS NOT NULL"
    )
    assert await house.value(loose.format("whatsapp_contacts")) == 0
    assert await house.value(loose.format("whatsapp_chats")) == 0
    assert await house.messages() == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("seed", range(12))
async def test_any_order_of_learning_ends_in_one_chat_with_every_message_once(house: House, seed: int):
    """Whatever is heard, repeated and batched in whatever order; the seed is the test's parameter."""
    luck = random.Random(seed)
    heard: list[Incoming] = []
    for who, n in itertools.product((BY_PHONE, BY_LID, BY_BOTH), range(4)):
        heard.append(house.text(f"{n} {who.phone} {who.lid}", who=who, sent_at=at(luck.randrange(3))))
    twin = house.text("the same in both", who=BY_PHONE)
    heard += [twin, house.text("the same in both", who=BY_LID, wa_id=twin.wa_id)]
    namesake = house.text("one id", who=BY_PHONE)
    heard += [namesake, house.text("two contents", who=BY_LID, wa_id=namesake.wa_id)]
    heard += luck.sample(heard, 6)
    luck.shuffle(heard)
    waiting: list[Inbound] = [*heard, house.text("last", who=BY_BOTH)]
    while waiting:
        size = luck.randrange(1, 6)
        batch, waiting = waiting[:size], waiting[size:]
        house.clock.advance(timedelta(milliseconds=luck.randrange(3)))
        await house.hear(*batch)
    await assert_one(house)
    texts = await house.messages()
    assert sorted(texts) == sorted({one.text for one in heard} | {"last"})
    assert texts[-1] == "last"


async def test_batches_that_learn_the_same_at_once_neither_fail_nor_wait_for_each_other_for_ever(house: House):
    other = await House(house.database, house.clock, "outra").open()
    await house.hear(house.text("1", who=BY_PHONE), house.text("2", who=BY_LID))
    await other.hear(other.text("1", who=BY_LID), other.text("2", who=BY_PHONE))
    batches = []
    for n in range(8):
        arrivals = [
            house.arrival(house.text(f"a{n}", who=BY_BOTH)),
            other.arrival(other.text(f"b{n}", who=BY_BOTH)),
            house.arrival(house.text(f"c{n}", who=Identity(phone=str(n % 3), lid=f"{n % 2}@lid"), chat=GROUP)),
        ]
        batches.append(house.write(arrivals if n % 2 else arrivals[::-1]))
    async with asyncio.timeout(30):
        await asyncio.gather(*batches)
    for one in (house, other):
        living = LIVING + " AND instance_id = %s AND phone_number = %s"
        assert len(await one.rows(living, one.id, PHONE)) == 1
    assert len(await house.messages()) == 2 + 8 + 8
    assert len(await other.messages()) == 2 + 8


async def test_removing_an_instance_while_it_hears_deadlocks_with_nobody(house: House):
    await house.hear(house.text("0", who=BY_PHONE), house.text("0", who=BY_LID))

    async def remove() -> None:
        async with house.database.transaction() as tx:
            await lock(tx, [house.id])
            await tx.execute("DELETE FROM public.whatsapp_instances WHERE id = %s", [house.id])

    async with asyncio.timeout(30):
        batches = [house.hear(house.text(str(n), who=BY_BOTH)) for n in range(4)]
        outcomes = await asyncio.gather(*batches[:2], remove(), *batches[2:], return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} <= {type(None), ForeignKeyViolation}
    assert await house.messages() == []
