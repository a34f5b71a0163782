"""Reading messages, page by page and one by one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from recado.domain.errors import Invalid, NotFound
from recado.domain.instances import Instance
from recado.domain.jid import Identity
from recado.domain.message_filter import MessageFilter
from recado.domain.page import Page
from recado.services.reading.chats import Chats
from recado.services.reading.marks import Marks
from recado.services.reading.messages import Messages
from recado.store.database import Database
from tests.services.reading import instance_of, pages
from tests.stillclock import StillClock
from tests.store.house import BY_BOTH, BY_LID, BY_PHONE, GROUP, PHONE, House, at


@pytest.fixture
async def house(db: Database, clock: StillClock) -> House:
    return await House(db, clock).open()


@pytest.fixture
async def instance(house: House) -> Instance:
    return await instance_of(house)


@pytest.fixture
async def reading(db: Database) -> Messages:
    return Messages(db)


async def chat_of(house: House, text: str) -> UUID:
    return await house.value("SELECT chat_id FROM public.whatsapp_messages WHERE text = %s LIMIT 1", text)


def texts(page: Page[Any]) -> list[str | None]:
    return [message.text for message in page.items]


async def test_a_chat_is_read_from_its_end_in_its_own_order(house: House, instance: Instance, reading: Messages):
    await house.hear(*[house.text(str(n), sent_at=at(n // 3)) for n in range(7)], house.text("x", chat=GROUP))
    found = await pages(reading.list, instance, chat_id=await chat_of(house, "0"))
    assert [message.text for message in found] == [str(n) for n in reversed(range(7))]


async def test_an_instance_is_read_from_the_last_message_written(house: House, instance: Instance, reading: Messages):
    await house.hear(*[house.text(str(n), who=Identity(phone=str(n % 3))) for n in range(5)])
    assert [message.text for message in await pages(reading.list, instance)] == ["4", "3", "2", "1", "0"]


async def test_a_page_that_ends_with_the_list_has_no_next(house: House, instance: Instance, reading: Messages):
    await house.hear(house.text("1"), house.text("2"))
    assert (await reading.list(instance, limit=2)).next is None


@pytest.mark.parametrize("is_of_chat", [True, False])
async def test_from_any_page_it_goes_back_to_what_is_newer(
    house: House, instance: Instance, reading: Messages, is_of_chat: bool
):
    await house.hear(*[house.text(str(n), sent_at=at(n)) for n in range(6)])
    options = {"chat_id": await chat_of(house, "0")} if is_of_chat else {}
    first = await reading.list(instance, limit=2, **options)
    second = await reading.list(instance, limit=2, after=first.next, **options)
    third = await reading.list(instance, limit=2, after=second.next, **options)
    back = await reading.list(instance, limit=2, before=third.previous, **options)
    assert (texts(third), texts(back)) == (["1", "0"], ["3", "2"])
    assert texts(await reading.list(instance, limit=2, after=back.next, **options)) == ["1", "0"]


async def test_whoever_has_seen_everything_asks_again_for_what_is_newer(
    house: House, instance: Instance, reading: Messages
):
    await house.hear(house.text("1"))
    seen = (await reading.list(instance)).previous
    nothing = await reading.list(instance, before=seen)
    assert (nothing.items, nothing.next, nothing.previous) == ([], None, seen)
    await house.hear(house.text("2"))
    assert texts(await reading.list(instance, before=nothing.previous)) == ["2"]


async def test_more_news_than_a_page_holds_begin_with_the_oldest(house: House, instance: Instance, reading: Messages):
    await house.hear(house.text("0"))
    seen = (await reading.list(instance)).previous
    await house.hear(*[house.text(str(n), sent_at=at(n)) for n in range(1, 6)])
    page = await reading.list(instance, before=seen, limit=2)
    assert texts(page) == ["2", "1"]
    assert texts(await reading.list(instance, before=page.previous, limit=2)) == ["4", "3"]


async def test_a_message_is_shown_with_those_on_both_sides(house: House, instance: Instance, reading: Messages):
    heard = [house.text(str(n), sent_at=at(n)) for n in range(9)]
    await house.hear(*heard)
    page = await reading.around(instance, heard[4].wa_id, limit=5)
    assert texts(page) == ["6", "5", "4", "3", "2"]
    chat = await chat_of(house, "0")
    assert texts(await reading.list(instance, chat_id=chat, after=page.next)) == ["1", "0"]
    assert texts(await reading.list(instance, chat_id=chat, before=page.previous)) == ["8", "7"]
    assert texts(await reading.around(instance, heard[8].wa_id, limit=4)) == ["8", "7", "6", "5"]
    assert texts(await reading.around(instance, heard[0].wa_id, limit=1)) == ["0"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (MessageFilter(kinds=("imageMessage",)), ["foto"]),
        (MessageFilter(kinds=("imageMessage", "conversation")), ["minha", "foto", "texto"]),
        (MessageFilter(from_me=True), ["minha"]),
        (MessageFilter(from_me=False), ["foto", "texto"]),
        (MessageFilter(since=at(1)), ["minha", "foto"]),
        (MessageFilter(until=at(1)), ["texto"]),
        (MessageFilter(since=at(1), until=at(2)), ["foto"]),
        (MessageFilter(kinds=("reactionMessage",)), ["❤"]),
    ],
)
@pytest.mark.parametrize("is_of_chat", [True, False])
async def test_only_what_is_wanted(
    house: House,
    instance: Instance,
    reading: Messages,
    wanted: MessageFilter,
    expected: list[str],
    is_of_chat: bool,
):
    first = house.text("texto")
    await house.hear(first, house.text("foto", kind="imageMessage", sent_at=at(1)), house.own("minha", sent_at=at(2)))
    await house.hear(house.text("❤", kind="reactionMessage", target_wa_id=first.wa_id))
    options = {"chat_id": await chat_of(house, "texto")} if is_of_chat else {}
    assert texts(await reading.list(instance, wanted, **options)) == expected


async def test_reactions_are_shown_at_their_message_and_not_among_messages(
    house: House, instance: Instance, reading: Messages
):
    def reaction(emoji: str | None, who: Identity, seconds: int) -> Any:
        details = {"reaction": emoji}
        about = {"kind": "reactionMessage", "target_wa_id": first.wa_id, "details": details}
        return house.text(None, who=who, chat=GROUP, sent_at=at(seconds), raw=repr((emoji, seconds)).encode(), **about)

    first = house.text("Oi", chat=GROUP)
    anna, bruno, clara = (Identity(lid=f"{n}@lid") for n in (71, 72, 73))
    await house.hear(reaction("👍", anna, 1), first)
    await house.hear(reaction("🎉", anna, 3), reaction("👎", bruno, 4), reaction("❤", clara, 2))
    await house.hear(reaction(None, bruno, 5), reaction("old", clara, 1))
    [listed] = (await reading.list(instance)).items
    shown = await reading.get(instance, first.wa_id)
    assert listed.reactions == shown.reactions
    assert [(one.emoji, one.sender and one.sender.lid) for one in shown.reactions or ()] == [
        ("❤", clara.lid),
        ("🎉", anna.lid),
    ]


async def test_one_message_is_found_by_either_id_with_its_history(house: House, instance: Instance, reading: Messages):
    own = house.own("Olá")
    await house.hear(own)
    await house.hear(house.receipt(own.wa_id))
    by_theirs = await reading.get(instance, own.wa_id)
    assert by_theirs == await reading.get(instance, str(by_theirs.id))
    steps = [(step.status, step.contact.phone_number if step.contact else None) for step in by_theirs.history]
    assert steps == [("sent", None), ("delivered", PHONE)]


async def test_an_alias_answers_with_the_survivors_messages(house: House, instance: Instance, reading: Messages):
    await house.hear(house.text("1", who=BY_PHONE), house.text("2", who=BY_LID))
    aliases = [chat for (chat,) in await house.rows("SELECT id FROM public.whatsapp_chats")]
    await house.hear(house.text("3", who=BY_BOTH))
    for id in aliases:
        page = await reading.list(instance, chat_id=id, limit=2)
        assert texts(page) == ["3", "2"]
        assert texts(await reading.list(instance, chat_id=aliases[0], after=page.next)) == ["1"]


async def test_nothing_of_another_instance_is_found(house: House, instance: Instance, reading: Messages):
    other = await House(house.database, house.clock, "outra").open()
    theirs = other.text("Oi")
    await other.hear(theirs)
    [(chat, message)] = await other.rows("SELECT chat_id, id FROM public.whatsapp_messages")
    assert (await reading.list(instance)).items == []
    for asked in (
        reading.list(instance, chat_id=chat),
        reading.search(instance, "Oi", chat_id=chat),
        reading.get(instance, message),
        reading.get(instance, theirs.wa_id),
        reading.around(instance, theirs.wa_id),
        reading.around(instance, uuid4()),
    ):
        with pytest.raises(NotFound):
            await asked


ID = UUID(int=1)
ODD = ["", "x", "é", "AAAA", "W10", "bnVsbA", "!!!!", "eyJhIjoxfQ"]
PLACES: list[tuple[Any, ...]] = [
    (at(0), 2**63, ID),
    (at(0), True, ID),
    (at(0), 1, "x"),
    (datetime(2026, 1, 1), 1, ID),
    (7, 1, ID),
    (at(0), 1),
]


@pytest.mark.parametrize("cursor", ODD)
async def test_a_cursor_that_is_none_is_refused(house: House, instance: Instance, reading: Messages, cursor: str):
    await house.hear(house.text())
    chat = await chat_of(house, "Oi")
    for options in ({"after": cursor}, {"before": cursor}, {"chat_id": chat, "after": cursor}):
        with pytest.raises(Invalid, match="no cursor of this list"):
            await reading.list(instance, **options)
    with pytest.raises(Invalid):
        await reading.search(instance, "Oi", after=cursor)


@pytest.mark.parametrize("place", PLACES)
async def test_a_cursor_with_odd_parts_is_refused(
    house: House, instance: Instance, reading: Messages, place: tuple[Any, ...]
):
    await house.hear(house.text())
    chat = await chat_of(house, "Oi")
    with pytest.raises(Invalid):
        await reading.list(instance, chat_id=chat, after=Marks("messages", instance.id, chat).at(*place))


async def test_a_cursor_of_another_list_is_refused(house: House, instance: Instance, reading: Messages):
    other = await House(house.database, house.clock, "outra").open()
    for one in (house, other):
        await one.hear(*[one.text(str(n)) for n in range(3)], one.text("x", chat=GROUP), one.text("y", chat=GROUP))
    theirs = await reading.list(await instance_of(other), limit=1)
    chat, group = await chat_of(house, "0"), await chat_of(house, "x")
    of_chat = await reading.list(instance, chat_id=chat, limit=1)
    of_chats = (await Chats(house.database).list(instance, limit=1))[0]
    for cursor, options in (
        (theirs.next, {}),
        (of_chat.next, {}),
        (of_chat.next, {"chat_id": group}),
        (of_chats.next, {}),
    ):
        assert cursor is not None
        with pytest.raises(Invalid):
            await reading.list(instance, after=cursor, **options)


async def test_one_direction_at_a_time(instance: Instance, reading: Messages):
    with pytest.raises(Invalid, match="contradict"):
        await reading.list(instance, after="x", before="y")
