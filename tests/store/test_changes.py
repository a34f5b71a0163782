"""Edits, deletions and reactions: what becomes of the message that they are about, whichever comes first."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from recado.domain.engine import Incoming
from recado.domain.jid import Identity
from recado.domain.media import Media
from recado.store.database import Database
from tests.stillclock import StillClock
from tests.store.house import BY_BOTH, BY_LID, BY_PHONE, GROUP, House, at

OTHER = Identity(lid="5@lid")
BOSS = Identity(lid="7@lid")


@pytest.fixture
async def house(db: Database, clock: StillClock) -> House:
    return await House(db, clock).open()


def edit(house: House, of: Incoming, text: str, **more: Any) -> Incoming:
    return change(house, of, "edit", text=text, **more)


def deletion(house: House, of: Incoming, **more: Any) -> Incoming:
    return change(house, of, "delete", text=None, **more)


def change(house: House, of: Incoming, kind: str, **more: Any) -> Incoming:
    own = {"is_from_me": of.is_from_me, "chat_identity": of.chat_identity}
    about = {"target_wa_id": of.wa_id, "change": kind, "details": {"change": kind, "target": {"wa_id": of.wa_id}}}
    plain = {"who": of.sender, "chat": of.chat, "kind": "protocolMessage", "sent_at": at(5)} | own | about
    return house.text(**(plain | more))


async def shown(house: House) -> list[Any]:
    """Text and details of what is no aside."""
    return await house.rows(
        "SELECT text, details FROM public.whatsapp_messages WHERE target_wa_id IS NULL ORDER BY sent_at, tiebreak"
    )


async def test_an_edit_changes_the_text_and_is_told_as_one(house: House):
    first = house.text("Ola")
    await house.hear(first)
    await house.hear(edit(house, first, "Olá"))
    assert await shown(house) == [("Olá", None)]
    assert await house.told() == ["message.received", "message.edited"]
    [event] = await house.events("message.edited")
    assert (event.data["wa_id"], event.data["text"]) == (first.wa_id, "Olá")
    assert event.data["edited_at"] == "2026-03-14T15:09:31.000Z"


async def test_a_deletion_empties_the_message_and_its_edits(house: House):
    first = house.text("Segredo", quoted_text="mais", media=Media(kind="image", thumbnail="data:"))
    await house.hear(first)
    await house.hear(edit(house, first, "Outro segredo"))
    await house.hear(deletion(house, first, sent_at=at(9)))
    assert await shown(house) == [(None, {"deleted": True})]
    assert await house.rows("SELECT text, quoted_text FROM public.whatsapp_messages") == [(None, None)] * 3
    assert await house.value("SELECT count(*) FROM public.whatsapp_media") == 0
    [event] = await house.events("message.deleted")
    assert (event.data["text"], event.data["summary"]) == (None, "🚫 Message deleted")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("is_one_batch", [True, False])
async def test_the_latest_edit_counts_in_whichever_order_they_come(
    house: House, order: tuple[int, ...], is_one_batch: bool
):
    first = house.text("um")
    heard = [first, edit(house, first, "dois", sent_at=at(5)), edit(house, first, "três", sent_at=at(7))]
    batch = [heard[n] for n in order]
    if is_one_batch:
        await house.hear(*batch)
    else:
        for one in batch:
            await house.hear(one)
    assert [text for text, _ in await shown(house)] == ["três"]


async def test_a_message_that_was_edited_before_it_came_is_told_once_as_it_is_now(house: House):
    first = house.text("Ola")
    await house.hear(edit(house, first, "Olá"))
    assert await house.told() == []
    await house.hear(first)
    [event] = await house.events()
    assert (event.type, event.data["text"], event.data["edited_at"] is None) == ("message.received", "Olá", False)


async def test_a_message_that_was_deleted_before_it_came_is_empty(house: House):
    first = house.text("Segredo")
    await house.hear(deletion(house, first))
    await house.hear(first)
    assert await shown(house) == [(None, {"deleted": True})]


async def test_what_is_deleted_stays_deleted(house: House):
    first = house.text("Segredo")
    await house.hear(first, deletion(house, first), edit(house, first, "De volta", sent_at=at(9)))
    assert await shown(house) == [(None, {"deleted": True})]
    assert await house.told() == ["message.received"]


async def test_the_same_edit_again_is_nothing_new(house: House):
    first = house.text("um")
    again = edit(house, first, "dois")
    await house.hear(first)
    await house.hear(again)
    await house.hear(again)
    assert await house.told() == ["message.received", "message.edited"]


@pytest.mark.parametrize("change", [edit, deletion])
async def test_only_the_sender_changes_a_message(house: House, change: Any):
    first = house.text("Meu", who=BY_PHONE, chat=GROUP)
    more = {"text": "Seu"} if change is edit else {}
    await house.hear(first)
    await house.hear(change(house, first, who=OTHER, **more))
    assert await shown(house) == [("Meu", None)]
    assert await house.told() == ["message.received"]


async def test_a_message_of_one_chat_is_not_changed_from_another(house: House):
    first = house.text("Meu", who=BY_PHONE, chat=GROUP)
    await house.hear(first)
    await house.hear(deletion(house, first, chat=f"{BY_PHONE.phone}@s.whatsapp.net", chat_identity=BY_PHONE))
    assert await shown(house) == [("Meu", None)]


async def test_an_admin_of_the_group_may_delete_but_not_edit(house: House):
    first = house.text("Meu", who=BY_PHONE, chat=GROUP)
    await house.hear(first, house.text("Chefe", who=BOSS, chat=GROUP))
    await house.rows(
        """INSERT INTO public.whatsapp_group_members (chat_id, contact_id, instance_id, role)
        SELECT chat_id, sender_id, instance_id, 'admin' FROM public.whatsapp_messages WHERE text = 'Chefe'
        RETURNING role"""
    )
    await house.hear(edit(house, first, "Seu", who=BOSS))
    assert (await shown(house))[0] == ("Meu", None)
    await house.hear(deletion(house, first, who=BOSS))
    assert (await shown(house))[0] == (None, {"deleted": True})


async def test_your_own_edit_on_the_phone_changes_your_own_message(house: House):
    first = house.own("Ola")
    await house.hear(first)
    await house.hear(edit(house, first, "Olá"))
    assert await shown(house) == [("Olá", None)]
    assert await house.told() == ["message.sent", "message.edited"]


async def test_an_edit_keeps_what_else_there_is_to_show(house: House):
    first = house.text("um", details={"is_forwarded": True, "mentions": ["1@lid"]})
    again = edit(house, first, "dois")
    await house.hear(first)
    await house.hear(edit(house, first, "dois", details=(again.details or {}) | {"mentions": ["2@lid"]}))
    assert await shown(house) == [("dois", {"is_forwarded": True, "mentions": ["2@lid"]})]


async def test_an_edit_under_the_other_name_of_a_person_counts_once_they_are_known_to_be_one(house: House):
    first = house.text("um", who=BY_PHONE)
    await house.hear(first)
    await house.hear(edit(house, first, "dois", who=BY_LID, chat=BY_LID.lid, chat_identity=BY_LID))
    assert await shown(house) == [("um", None)]
    await house.hear(house.text("mais", who=BY_BOTH, sent_at=at(9)))
    assert await shown(house) == [("dois", None), ("mais", None)]


async def test_the_same_in_a_group(house: House):
    first = house.text("um", who=BY_PHONE, chat=GROUP)
    await house.hear(first)
    await house.hear(edit(house, first, "dois", who=BY_LID))
    assert await shown(house) == [("um", None)]
    await house.hear(house.text("mais", who=BY_BOTH, chat=GROUP, sent_at=at(9)))
    assert await shown(house) == [("dois", None), ("mais", None)]


async def test_asides_are_not_the_last_message_of_a_chat(house: House):
    first = house.text("um")
    reaction = house.text(None, kind="reactionMessage", target_wa_id=first.wa_id, details={"reaction": "❤"}, raw=b"")
    await house.hear(first)
    await house.hear(reaction, edit(house, first, "dois"))
    [[last, unread]] = await house.rows("SELECT last_message_id, unread_count FROM public.whatsapp_chats")
    assert await house.rows("SELECT id, text FROM public.whatsapp_messages WHERE id = %s", last) == [(last, "dois")]
    assert unread == 1


async def test_a_file_is_kept_with_its_message(house: House):
    media = Media(kind="document", mime_type="application/pdf", file_name="a.pdf", size_bytes=2**40, sha256="00")
    await house.hear(house.text("Veja", kind="documentMessage", media=media), house.text("mais"))
    assert await house.rows("SELECT kind, mime_type, file_name, size_bytes, state FROM public.whatsapp_media") == [
        ("document", "application/pdf", "a.pdf", 2**40, "remote")
    ]


async def test_two_copies_of_a_picture_that_become_one_have_one_file(house: House):
    picture = Media(kind="image", thumbnail="data:image/jpeg;base64,")
    first = house.text("Veja", who=BY_PHONE, kind="imageMessage", media=picture)
    await house.hear(first)
    await house.hear(house.text("Veja", who=BY_LID, kind="imageMessage", media=picture, wa_id=first.wa_id))
    await house.hear(house.text("mais", who=BY_BOTH))
    assert await house.messages() == ["Veja", "mais"]
    assert await house.value("SELECT count(*) FROM public.whatsapp_media") == 1
