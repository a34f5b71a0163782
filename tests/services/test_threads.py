"""Windows of a conversation: at both ends, around a message, next to each other; and what they cost."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from recado.domain.errors import NotFound
from recado.domain.instances import Instance
from recado.domain.jid import Identity
from recado.services.reading.threads import Threads, Window
from recado.store.database import Database
from tests.plans import WatchedDatabase
from tests.services.reading import instance_of
from tests.stillclock import StillClock
from tests.store.house import BY_BOTH, BY_LID, BY_PHONE, GROUP, House, at

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
MANY = (
    "DROP INDEX public.whatsapp_messages_search",
    """INSERT INTO public.whatsapp_messages (id, instance_id, chat_id, sender_id, from_me, wa_id, kind, text, sent_at,
    tiebreak, status) SELECT gen_random_uuid(), h.instance_id, h.id, h.contact_id, false, 'FILL' || n, 'conversation',
    n::text, now() - n * interval '1 minute', n, 'received'
    FROM public.whatsapp_chats h, generate_series(1, 50000) n""",
    "ANALYZE",
)


@pytest.fixture
async def house(db: Database, clock: StillClock) -> House:
    return await House(db, clock).open()


@pytest.fixture
async def instance(house: House) -> Instance:
    return await instance_of(house)


@pytest.fixture
async def threads(db: Database) -> Threads:
    return Threads(db)


@pytest.fixture
async def chat(house: House) -> UUID:
    """Nine messages, the second to the fifth of them within one second."""
    seconds = [0, 1, 1, 1, 1, 2, 3, 4, 5]
    await house.hear(*[house.text(str(n), sent_at=at(second), wa_id=f"M{n}") for n, second in enumerate(seconds)])
    return cast(UUID, await house.value("SELECT id FROM public.whatsapp_chats"))


def shown(window: Window) -> tuple[str, bool, bool]:
    """The texts, and whether there is more on either side."""
    return "".join(one.text or "" for one in window.messages), window.has_older, window.has_newer


async def test_a_window_at_either_end(instance: Instance, threads: Threads, chat: UUID):
    assert shown(await threads.last(instance, chat, limit=4)) == ("5678", True, False)
    assert shown(await threads.first(instance, chat, limit=4)) == ("0123", False, True)
    assert shown(await threads.last(instance, chat, limit=9)) == ("012345678", False, False)
    assert shown(await threads.first(instance, chat, limit=9)) == ("012345678", False, False)


async def test_from_window_to_window_nothing_is_missed_and_nothing_comes_twice(
    instance: Instance, threads: Threads, chat: UUID
):
    window = await threads.last(instance, chat, limit=2)
    seen = shown(window)[0]
    while window.has_older:
        window = await threads.older(instance, chat, str(window.messages[0].id), limit=2)
        seen = shown(window)[0] + seen
    assert seen == "012345678"
    while window.has_newer:
        window = await threads.newer(instance, chat, str(window.messages[-1].id), limit=2)
        seen += shown(window)[0]
    assert seen == "012345678" + "12345678"


@pytest.mark.parametrize(
    ("wa_id", "expected"),
    [("M4", ("3456", True, True)), ("M0", ("012", False, True)), ("M8", ("78", True, False))],
)
async def test_a_window_around_a_message(
    house: House, instance: Instance, threads: Threads, chat: UUID, wa_id: str, expected: Any
):
    id = await house.value("SELECT id FROM public.whatsapp_messages WHERE wa_id = %s", wa_id)
    by_theirs = await threads.around(instance, chat, wa_id, limit=4)
    assert by_theirs == await threads.around(instance, chat, str(id), limit=4)
    assert shown(by_theirs) == expected


async def test_behind_the_last_one_is_what_comes_later(house: House, instance: Instance, threads: Threads, chat: UUID):
    assert shown(await threads.newer(instance, chat, "M8", limit=2)) == ("", True, False)
    await house.hear(house.text("9", sent_at=at(0)))
    assert shown(await threads.newer(instance, chat, "M8", limit=2)) == ("9", True, False)


async def test_an_empty_chat_has_an_empty_window(house: House, instance: Instance, threads: Threads):
    await house.hear(house.gap("F0"))
    chat = await house.value("SELECT id FROM public.whatsapp_chats")
    window = await threads.last(instance, chat, limit=5)
    assert shown(window) == ("", False, False)


async def test_messages_about_others_are_shown_at_those_and_not_among_them(
    house: House, instance: Instance, threads: Threads, chat: UUID
):
    like = {"kind": "reactionMessage", "target_wa_id": "M8", "details": {"reaction": "👍"}}
    await house.hear(house.text(None, **like))
    [last] = (await threads.last(instance, chat, limit=1)).messages
    assert (last.wa_id, [one.emoji for one in last.reactions or ()]) == ("M8", ["👍"])
    assert [one.id for one in (await threads.some(instance, chat, [], ["M8", "M99"])).messages] == [last.id]
    ids = [id for (id,) in await house.rows("SELECT id FROM public.whatsapp_messages")]
    assert shown(await threads.some(instance, chat, ids))[0] == "012345678"


async def test_what_belongs_to_others_is_not_found(house: House, instance: Instance, threads: Threads, chat: UUID):
    other = await House(house.database, house.clock, "outra").open()
    await other.hear(other.text("x", wa_id="X"))
    await house.hear(house.text("g", chat=GROUP, wa_id="G"))
    [(theirs,)] = await other.rows("SELECT chat_id FROM public.whatsapp_messages WHERE wa_id = 'X'")
    [(foreign,)] = await other.rows("SELECT id FROM public.whatsapp_messages WHERE wa_id = 'X'")
    assert (await threads.some(instance, chat, [foreign], ["X", "G"])).messages == []
    for asked in (
        threads.last(instance, theirs, limit=1),
        threads.first(instance, uuid4(), limit=1),
        threads.around(instance, chat, "X", limit=1),
        threads.around(instance, chat, "G", limit=1),
        threads.around(instance, chat, str(foreign), limit=1),
    ):
        with pytest.raises(NotFound):
            await asked


async def test_whoever_is_quoted_or_mentioned_is_known_by_name(
    house: House, instance: Instance, threads: Threads, chat: UUID
):
    maria, ana = Identity(phone="5511900000001"), Identity(lid="77@lid")
    await house.hear(house.text("a", who=maria, push_name="Maria", chat=GROUP, wa_id="A"))
    await house.hear(house.text("b", who=ana, push_name="Ana", chat=GROUP, wa_id="B"))
    details = {"quoted": {"sender": "77@lid", "kind": "conversation"}, "mentions": [f"{maria.phone}@s.whatsapp.net", 7]}
    await house.hear(house.text("c", who=maria, chat=GROUP, details=details))
    group = await house.value("SELECT id FROM public.whatsapp_chats WHERE kind = 'group'")
    people = (await threads.last(instance, group, limit=1)).people
    assert {who: person.push_name for who, person in people.items()} == {maria: "Maria", ana: "Ana"}


async def test_an_alias_answers_with_the_survivor(house: House, instance: Instance, threads: Threads):
    await house.hear(house.text("1", who=BY_PHONE), house.text("2", who=BY_LID))
    aliases = [chat for (chat,) in await house.rows("SELECT id FROM public.whatsapp_chats")]
    await house.hear(house.text("3", who=BY_BOTH))
    windows = [await threads.last(instance, id, limit=5) for id in aliases]
    assert windows[0] == windows[1]
    assert shown(windows[0])[0] == "123"


@pytest.mark.parametrize(
    ("data_url", "expected"),
    [
        (f"data:image/jpeg;base64,{PNG}", "image/png"),
        ("data:image/png;base64,PHN2Zz48c2NyaXB0Lz48L3N2Zz4=", None),
        ("data:image/png;base64,!!!", None),
        ("data:image/svg+xml,<svg/>", None),
    ],
)
async def test_a_small_picture_is_what_its_bytes_are(
    house: House, instance: Instance, threads: Threads, chat: UUID, data_url: str, expected: str | None
):
    [(id,)] = await house.rows(
        """INSERT INTO public.whatsapp_media (message_id, instance_id, kind, thumbnail)
        SELECT id, instance_id, 'image', %s FROM public.whatsapp_messages WHERE wa_id = 'M1' RETURNING message_id""",
        data_url,
    )
    if expected is None:
        with pytest.raises(NotFound):
            await threads.thumbnail(instance, id)
    else:
        assert (await threads.thumbnail(instance, id)).mime_type == expected
    with pytest.raises(NotFound):
        await threads.thumbnail(await instance_of(await House(house.database, house.clock, "outra").open()), id)


async def test_a_window_in_a_chat_of_fifty_thousand_messages_reads_only_itself(
    house: House, instance: Instance, db: Database
):
    await house.hear(house.text("0", who=Identity(phone="5511900000000")))
    chat = await house.value("SELECT id FROM public.whatsapp_chats")
    async with db.transaction() as tx:
        for statement in MANY:
            await tx.execute(statement)
    watched = WatchedDatabase(db)
    threads = Threads(cast(Database, watched))
    first = await threads.first(instance, chat, limit=60)
    middle = await threads.around(instance, chat, "FILL25000", limit=60)
    await threads.older(instance, chat, str(middle.messages[0].id), limit=60)
    await threads.newer(instance, chat, str(middle.messages[-1].id), limit=60)
    assert (len(first.messages), len(middle.messages), first.has_older) == (60, 60, False)
    assert len(watched.plans) <= 3 + 5 + 4 + 4
    assert "whatsapp_messages" not in watched.scanned()
    assert watched.blocks < 8_000
