"""A batch of history: what it writes, what it leaves alone, and how it meets what comes live."""

from __future__ import annotations

from datetime import timedelta

import pytest

from recado.domain.chats import FOREVER
from recado.store.database import Database
from tests.stillclock import START, StillClock
from tests.store.house import BY_BOTH, BY_LID, BY_PHONE, GROUP, LID, PHONE, House, at
from tests.store.past import batch, conversation, message, tell, write


@pytest.fixture
async def house(db: Database, clock: StillClock) -> House:
    return await House(db, clock).open()


async def chat_of(house: House, columns: str):
    [row] = await house.rows(f"SELECT {columns} FROM public.whatsapp_chats WHERE merged_into IS NULL")
    return row[0] if len(row) == 1 else row


async def test_messages_of_the_past_are_rows_that_no_event_tells_of(house: House):
    written = await tell(house, conversation(), message(house, "Oi"), message(house, "Olá", is_own=True))
    assert (written.added, await house.told()) == (2, [])
    assert await house.messages("text, from_me, status, is_history") == [
        ("Oi", False, "received", True),
        ("Olá", True, "sent", True),
    ]


async def test_the_same_batch_again_changes_nothing(house: House):
    told = batch(house, conversation(unread=2), message(house, "Oi"), message(house, "Olá", is_own=True, status="READ"))
    await write(house, told)
    before = await house.messages("id, text, sent_at, tiebreak, status, edited_at, is_history")
    assert (await write(house, told)).added == 0
    assert await house.messages("id, text, sent_at, tiebreak, status, edited_at, is_history") == before


async def test_the_order_is_the_second_and_the_place_whatever_comes_first(house: House):
    await tell(
        house,
        message(house, "4", sent_at=at(-5), place=9),
        message(house, "3", sent_at=at(-5), place=8),
        message(house, "2", sent_at=at(-9), place=10),
    )
    await tell(house, message(house, "1", sent_at=at(-9), place=3))
    assert await house.messages() == ["1", "2", "3", "4"]


async def test_of_one_second_what_came_live_follows_what_was_before(house: House):
    await house.hear(house.text("live", sent_at=at(0)))
    await tell(house, message(house, "before", sent_at=at(0), place=1 << 40))
    assert await house.messages() == ["before", "live"]


async def test_a_message_of_the_past_is_not_raised_to_the_chats_last(house: House):
    await house.hear(house.text("live", sent_at=at(0)))
    await tell(house, message(house, "old", sent_at=at(-90)))
    assert await house.messages("text, sent_at") == [("old", at(-90)), ("live", at(0))]


async def test_the_chats_last_message_is_the_latest_one(house: House):
    await tell(house, message(house, "2", sent_at=at(-1)), message(house, "1", sent_at=at(-2)))
    await tell(house, message(house, "0", sent_at=at(-3)))
    last = await chat_of(house, "last_message_id")
    assert await house.value("SELECT text FROM public.whatsapp_messages WHERE id = %s", last) == "2"
    assert await chat_of(house, "last_message_at") == at(-1)


async def test_a_live_message_becomes_the_last_one_after_history(house: House):
    await tell(house, message(house, "old", sent_at=at(0), place=1 << 40))
    await house.hear(house.text("live", sent_at=at(0)))
    last = await chat_of(house, "last_message_id")
    assert await house.value("SELECT text FROM public.whatsapp_messages WHERE id = %s", last) == "live"


async def test_the_id_of_a_message_stands_where_its_time_is(house: House):
    await house.hear(house.text("today"))
    await tell(house, message(house, "a year ago", sent_at=START - timedelta(days=365)))
    rows = await house.rows("SELECT text FROM public.whatsapp_messages ORDER BY id")
    assert [text for (text,) in rows] == ["a year ago", "today"]


async def test_a_chat_without_messages_stands_at_its_last_time_until_it_has_some(house: House):
    await tell(house, conversation(last_at=at(-7)))
    assert await chat_of(house, "last_message_at, last_message_id") == (at(-7), None)
    await tell(house, message(house, "1", sent_at=at(-8)))
    assert await chat_of(house, "last_message_at") == at(-8)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("ERROR", "failed"),
        ("PENDING", "sending"),
        ("SERVER_ACK", "sent"),
        ("DELIVERY_ACK", "delivered"),
        ("READ", "read"),
        ("PLAYED", "played"),
        (None, "sent"),
    ],
)
async def test_your_own_are_as_far_as_the_phone_says(house: House, told: str | None, status: str):
    await tell(house, message(house, is_own=True, status=told))
    assert await house.messages("status") == [status]


async def test_a_later_history_brings_the_status_forward_and_never_back(house: House):
    own = [
        message(house, is_own=True, wa_id="A", status=told) for told in ("DELIVERY_ACK", "READ", "SERVER_ACK", "ERROR")
    ]
    for one in own:
        await tell(house, one)
    assert await house.messages("status") == ["read"]


async def test_nobody_knows_when_a_message_of_the_past_was_read_so_there_is_no_step_of_it(house: House):
    await tell(house, message(house, is_own=True, wa_id="A", status="SERVER_ACK"))
    await tell(house, message(house, is_own=True, wa_id="A", status="READ"))
    assert await house.rows("SELECT status FROM public.whatsapp_message_status") == []


async def test_a_receipt_that_came_before_the_message_is_applied_without_a_word(house: House):
    await house.hear(house.receipt("A", type="read"))
    await tell(house, message(house, is_own=True, wa_id="A"))
    assert (await house.messages("status"), await house.told()) == (["read"], [])


async def test_a_receipt_after_it_is_told(house: House):
    await tell(house, message(house, is_own=True, wa_id="A"))
    await house.hear(house.receipt("A", type="read"))
    assert await house.told() == ["message.status"]


async def test_a_message_that_came_live_is_not_history(house: House):
    await house.hear(house.text("Oi", wa_id="A"))
    await tell(house, message(house, "Oi", wa_id="A"))
    assert await house.messages("text, is_history") == [("Oi", False)]


async def test_a_message_of_history_that_comes_live_is_told_once_and_stays_one_row(house: House):
    await tell(house, message(house, "Oi", wa_id="A"))
    await house.hear(house.text("Oi", wa_id="A"))
    await house.hear(house.text("Oi", wa_id="A"))
    assert await house.messages("text, is_history") == [("Oi", False)]
    [event] = await house.events("message.received")
    assert [event.data["id"]] == [str(id) for id in await house.messages("id")]


async def test_bytes_that_differ_are_one_message_all_the_same(house: House):
    live = house.text("", wa_id="A", kind="imageMessage", raw=b"live", content={"imageMessage": {}})
    past = message(house, wa_id="A", kind="imageMessage", raw=b"past", content={"imageMessage": {}}, text=None)
    await house.hear(live)
    await tell(house, past)
    assert await house.messages("kind") == ["imageMessage"]


@pytest.mark.parametrize("is_first", [True, False])
async def test_an_edited_text_replaces_the_first_one_and_never_the_other_way_round(house: House, is_first: bool):
    first = message(house, "Ola", wa_id="A")
    edited = message(house, "Olá!", wa_id="A", is_edit=True)
    for one in (first, edited) if is_first else (edited, first):
        await tell(house, one)
    [(text, edited_at)] = await house.messages("text, edited_at")
    assert (text, edited_at is not None) == ("Olá!", True)


@pytest.mark.parametrize("is_first", [True, False])
async def test_an_edited_message_stands_where_it_was_sent(house: House, is_first: bool):
    await tell(house, message(house, "between", sent_at=at(5)))
    first = message(house, "Ola", wa_id="A", sent_at=at(1), place=1)
    edited = message(house, "Olá!", wa_id="A", sent_at=at(9), place=1, is_edit=True)
    for one in (first, edited) if is_first else (edited, first):
        await tell(house, one)
    assert await house.messages("text, sent_at, edited_at") == [("Olá!", at(1), at(9)), ("between", at(5), None)]
    assert await chat_of(house, "last_message_at") == at(5)


async def test_an_edited_text_replaces_a_live_one(house: House):
    await house.hear(house.text("Ola", wa_id="A"))
    await tell(house, message(house, "Olá!", wa_id="A", is_edit=True))
    assert await house.messages("text, is_history") == [("Olá!", False)]
    [(raw,)] = await house.rows("SELECT content FROM recado.message_raw")
    assert raw == {"conversation": "Olá!"}


async def test_where_nobody_wrote_the_row_says_what_happened(house: House):
    stub = message(
        house,
        chat=GROUP,
        raw=b"",
        kind="unknown",
        content=None,
        stub="GROUP_PARTICIPANT_ADD",
        stub_params=("551199@s.whatsapp.net",),
    )
    await tell(house, stub)
    assert await house.messages("kind, text, details") == [
        ("stub", None, {"type": "GROUP_PARTICIPANT_ADD", "params": ["551199@s.whatsapp.net"]})
    ]


async def test_what_devices_say_among_themselves_is_no_row(house: House):
    await tell(house, message(house, is_protocol=True))
    assert await house.messages() == []


async def test_a_gap_is_filled(house: House):
    await house.hear(house.gap("A"))
    await tell(house, message(house, wa_id="A"))
    [(filled_by,)] = await house.rows("SELECT filled_by FROM recado.gaps")
    assert [filled_by] == await house.messages("id")


async def test_a_chat_is_kept_as_the_phone_keeps_it(house: House):
    told = conversation(
        unread=3, is_marked_unread=True, is_archived=True, pinned_at=at(-9), muted_until=FOREVER, is_complete=True
    )
    await tell(house, told, message(house))
    assert await chat_of(
        house, "unread_count, is_marked_unread, is_archived, pinned_at, muted_until = 'infinity', has_older"
    ) == (3, True, True, at(-9), True, False)


async def test_what_the_phone_says_of_a_chat_is_taken_the_first_time_only(house: House):
    await tell(house, conversation(unread=3, is_archived=True))
    await tell(house, conversation(unread=9, is_archived=False))
    assert await chat_of(house, "unread_count, is_archived") == (3, True)


async def test_that_there_is_nothing_older_is_taken_whenever_it_is_said(house: House):
    await tell(house, conversation())
    assert await chat_of(house, "has_older") is True
    await tell(house, conversation(is_complete=True))
    await tell(house, conversation())
    assert await chat_of(house, "has_older") is False


async def test_what_came_live_after_the_phone_counted_is_unread_too(house: House):
    await house.hear(house.text("counted", sent_at=at(-1)), house.text("not yet", sent_at=at(5)))
    await tell(house, conversation(unread=4, last_at=at(0)))
    assert await chat_of(house, "unread_count") == 5


async def test_messages_of_the_past_are_not_unread_by_themselves(house: House):
    await tell(house, conversation(unread=1), message(house), message(house))
    assert await chat_of(house, "unread_count") == 1


async def test_a_group_has_its_subject_and_a_person_a_name_where_none_is_known(house: House):
    await tell(house, conversation(GROUP, name="Equipe"), conversation(name="Maria Silva"))
    rows = await house.rows("SELECT kind, name FROM public.whatsapp_chats ORDER BY kind")
    assert rows == [("group", "Equipe"), ("person", None)]
    assert await house.value("SELECT name FROM public.whatsapp_contacts") == "Maria Silva"


async def test_a_group_has_its_members_where_none_are_known(house: House):
    told = (("100200300@lid", "admin"), ("551199@s.whatsapp.net", "member"), ("odd", "member"))
    await tell(house, conversation(GROUP, participants=told))
    await tell(house, conversation(GROUP, participants=(("551177@s.whatsapp.net", "member"),)))
    query = """SELECT coalesce(c.lid, c.phone_number), g.role FROM public.whatsapp_group_members g
        JOIN public.whatsapp_contacts c ON c.id = g.contact_id ORDER BY 1"""
    assert await house.rows(query) == [("100200300@lid", "admin"), ("551199", "member")]


async def test_a_name_of_the_past_replaces_none(house: House):
    await house.hear(house.text(who=BY_PHONE, push_name="Maria nova"))
    await tell(house, message(house, push_name="Maria velha"))
    assert await house.value("SELECT push_name FROM public.whatsapp_contacts") == "Maria nova"


async def test_of_two_names_of_the_past_the_later_one_stays(house: House):
    old = message(house, push_name="Maria velha", sent_at=at(-9))
    new = message(house, push_name="Maria nova", sent_at=at(-1))
    await tell(house, new, old)
    assert await house.value("SELECT push_name FROM public.whatsapp_contacts") == "Maria nova"


async def test_a_listed_push_name_replaces_that_of_a_message(house: House):
    await tell(house, message(house, push_name="Maria velha"))
    await tell(house, push_names=((BY_PHONE, "Maria"),))
    assert await house.value("SELECT push_name FROM public.whatsapp_contacts") == "Maria"


async def test_number_and_lid_that_belong_together_are_one_person_and_one_chat(house: House):
    await tell(house, message(house, "by number", who=BY_PHONE, sent_at=at(-2)))
    await tell(house, message(house, "by LID", who=BY_LID, sent_at=at(-1)))
    written = await tell(house, people=(BY_BOTH,))
    assert await house.messages("text") == ["by number", "by LID"]
    assert [event.type for event in written.events] == ["contact.merged", "chat.merged"]
    people = await house.rows("SELECT phone_number, lid FROM public.whatsapp_contacts WHERE merged_into IS NULL")
    assert people == [(PHONE, LID)]


async def test_a_chat_told_by_number_and_by_lid_counts_its_unread_messages_once(house: House):
    await tell(house, conversation(unread=2), *[message(house, who=BY_PHONE) for _ in range(3)])
    await tell(house, conversation(LID, who=BY_LID, unread=2), message(house, who=BY_LID))
    await tell(house, people=(BY_BOTH,))
    assert await chat_of(house, "unread_count") == 2


async def test_one_message_told_in_two_chats_of_a_person_is_one_when_they_are(house: House):
    await tell(house, message(house, "Ola", wa_id="A", who=BY_PHONE, sent_at=at(1)))
    await tell(house, message(house, "Olá!", wa_id="A", who=BY_LID, sent_at=at(9), is_edit=True))
    await tell(house, people=(BY_BOTH,))
    assert await house.messages("text, sent_at") == [("Olá!", at(1))]
    assert await chat_of(house, "last_message_at") == at(1)
