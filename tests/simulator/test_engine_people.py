"""People beyond their messages, as the real engine sees them: pictures, names, presence, typing, what is read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import pytest

from recado.domain.engine import Incoming, Notice, Receipt
from recado.domain.sync import Picture, Presence, Typing
from recado_simulator import Contact, Group, Phone
from tests.engines.contract import text_to
from tests.engines.harness import link
from tests.engines.whatsmeow_harness import WhatsmeowHarness, whatsmeow
from tests.waiting import until

pytestmark = pytest.mark.engine
T = TypeVar("T")
JPEG = b"\xff\xd8 a picture \xff\xd9"


@pytest.fixture
async def harness(database_url, tmp_path) -> AsyncIterator[WhatsmeowHarness]:
    async with whatsmeow(database_url, tmp_path) as harness:
        await link(harness, "s1")
        yield harness


@pytest.fixture
def phone(harness) -> Phone:
    return harness.phone("s1")


@pytest.fixture
def maria(harness) -> Contact:
    return harness.contact


@pytest.fixture
def group(harness, phone, maria) -> Group:
    return harness.network.add_group("Equipe", [phone, maria], admins=[maria])


async def be_available(harness: WhatsmeowHarness) -> None:
    """The library knows its name, and says that it is there."""
    await harness.listener.signalled("app_state_changed", "s1")
    await harness.engine.fetch_app_state("s1", 1, "critical_block", None)
    await harness.engine.set_presence("s1", 1, is_available=True)
    await harness.contact.sees.wait(lambda sees: sees.presence(harness.phone("s1")) == "available")


async def notices(harness: WhatsmeowHarness, name: str, count: int = 1) -> list[dict]:
    def named() -> list[dict]:
        return [one.value for one in harness.listener.heard if isinstance(one, Notice) and one.name == name]

    await harness.listener.until(lambda: len(named()) >= count)
    return named()


async def heard(harness: WhatsmeowHarness, kind: type[T], count: int = 1) -> T:
    """The `count`-th of this kind."""

    def found() -> list[T]:
        return [one for one in harness.listener.heard if isinstance(one, kind)]

    await harness.listener.until(lambda: len(found()) >= count)
    return found()[count - 1]


async def picture(
    harness: WhatsmeowHarness, jid: str, known: str | None = None, *, is_preview: bool = False
) -> Picture:
    return await harness.engine.picture("s1", 1, jid, known, is_preview=is_preview)


class TestPictures:
    async def test_a_contacts_picture_is_fetched_by_either_address(self, harness, maria):
        id = harness.network.set_picture(maria, JPEG, preview=b"small")

        whole = await picture(harness, maria.lid)
        small = await picture(harness, str(maria.account.phone_jid), is_preview=True)
        assert (whole.id, whole.image, small.image) == (id, JPEG, b"small")

    async def test_a_groups_picture_too(self, harness, group):
        harness.network.set_picture(group, JPEG)

        assert (await picture(harness, str(group))).image == JPEG

    async def test_one_that_is_known_is_not_told_again(self, harness, maria):
        id = harness.network.set_picture(maria, JPEG)
        answer = await picture(harness, maria.lid, id)

        assert (answer.id, answer.image) == (id, None)

    async def test_no_picture_and_a_hidden_one_are_two_things(self, harness, maria):
        none = await picture(harness, maria.lid)
        harness.network.set_picture(maria, JPEG)
        harness.network.hide_picture(maria)
        hidden = await picture(harness, maria.lid)
        harness.network.remove_picture(maria)
        removed = await picture(harness, maria.lid)

        assert [answer.why for answer in (none, hidden, removed)] == ["none", "hidden", "none"]

    async def test_a_change_is_told(self, harness, maria, group):
        id = harness.network.set_picture(maria, JPEG)
        harness.network.set_picture(group, JPEG, by=maria)
        harness.network.hide_picture(maria)

        told = await notices(harness, "Picture", 3)
        assert [(one["JID"], one["Author"], one["Remove"]) for one in told] == [
            (maria.lid, maria.lid, False), (str(group), maria.lid, False), (maria.lid, maria.lid, True),
        ]  # fmt: skip
        assert told[0]["PictureID"] == id

    async def test_the_own_picture_is_told_as_news_of_the_account(self, harness, phone):
        harness.network.set_picture(phone, JPEG)

        [told] = await notices(harness, "Picture")
        assert (told["JID"], told["PictureID"]) == (f"{phone}@s.whatsapp.net", "")
        assert (await picture(harness, phone.lid)).image == JPEG


class TestPresence:
    async def test_a_contact_sees_that_the_device_comes_and_goes(self, harness, phone, maria):
        await be_available(harness)
        await harness.engine.set_presence("s1", 1, is_available=False)

        await maria.sees.wait(lambda sees: sees.presence(phone) == "unavailable")

    async def test_who_is_watched_is_told_of_at_once_and_when_it_changes(self, harness, maria):
        await be_available(harness)
        await maria.set_presence(available=True)
        await harness.engine.watch("s1", 1, maria.lid)
        first = await heard(harness, Presence)
        await maria.set_presence(available=False, last_seen=1_700_000_000)
        second = await heard(harness, Presence, 2)

        assert (first.identity.lid, first.is_available) == (maria.lid, True)
        assert (second.is_available, second.last_seen_at) == (False, datetime.fromtimestamp(1_700_000_000, UTC))

    async def test_a_hidden_time_is_not_told(self, harness, maria):
        await be_available(harness)
        await maria.set_presence(available=False, last_seen="deny")
        await harness.engine.watch("s1", 1, f"{maria}@s.whatsapp.net")

        told = await heard(harness, Presence)
        assert (told.identity.phone, told.is_available, told.last_seen_at) == (maria.phone, False, None)

    async def test_a_device_that_is_not_there_itself_is_told_nothing(self, harness, phone, maria):
        await harness.engine.watch("s1", 1, maria.lid)
        await until(lambda: harness.network.presences.watchers(maria.account))

        assert await maria.set_presence(available=True) == 0
        assert await maria.type(phone, "composing") == 0


class TestTyping:
    async def test_a_contact_types(self, harness, phone, maria):
        await be_available(harness)

        for n, state in enumerate(("composing", "recording", "paused"), 1):
            assert await maria.type(phone, state) == 1
            told = await heard(harness, Typing, n)
            assert (told.chat, told.sender.lid, told.state) == (maria.lid, maria.lid, state)

    async def test_a_member_types_into_a_group(self, harness, group, maria):
        await be_available(harness)
        await maria.type(group, "composing")

        told = await heard(harness, Typing)
        assert (told.chat, told.sender.lid) == (str(group), maria.lid)

    async def test_a_contact_sees_that_the_device_types(self, harness, phone, maria):
        for state in ("composing", "recording", "paused"):
            await harness.engine.set_typing("s1", 1, chat=maria.lid, state=state)
            await maria.sees.wait(lambda sees, state=state: sees.typing(phone) == state)

    async def test_members_see_that_the_device_types(self, harness, phone, maria, group):
        await harness.engine.set_typing("s1", 1, chat=str(group), state="composing")

        await maria.sees.wait(lambda sees: [one.chat for one in sees if one.kind == "typing"] == [group.jid])


class TestReading:
    async def received(self, harness: WhatsmeowHarness, text: str) -> Incoming:
        await harness.listener.until(lambda: text in harness.listener.texts("s1"))
        return next(one for one in harness.listener.messages("s1") if one.text == text)

    async def mark_read(self, harness: WhatsmeowHarness, message: Incoming, *, sender: str | None = None) -> None:
        at = datetime.fromtimestamp(1_700_000_000, UTC)
        await harness.engine.mark_read("s1", 1, chat=message.chat, sender=sender, wa_ids=[message.wa_id], at=at)

    async def read_receipts(self, harness: WhatsmeowHarness, *types: str) -> list[Receipt]:
        def found() -> list[Receipt]:
            return [one for one in harness.listener.heard if isinstance(one, Receipt) and one.type in types]

        return await harness.listener.until(found)

    async def test_what_is_read_on_the_device_is_seen_by_who_wrote_and_by_the_phone(self, harness, phone, maria):
        id = await maria.send_text(phone, "Olá")
        await self.mark_read(harness, await self.received(harness, "Olá"))

        await maria.sees.wait(lambda sees: sees.receipts(phone, "read"))
        assert [receipt.ids for receipt in maria.sees.receipts(phone, "read")] == [(id,)]
        assert phone.inbox.find(maria.phone, id).is_read

    async def test_in_a_group_too(self, harness, phone, maria, group):
        id = await maria.send_text(group, "Olá")
        await self.mark_read(harness, await self.received(harness, "Olá"), sender=maria.lid)

        await maria.sees.wait(lambda sees: sees.receipts(phone, "read"))
        assert [(one.ids, one.chat) for one in maria.sees.receipts(phone, "read")] == [((id,), group.jid)]

    async def test_who_hides_what_they_read_tells_nobody(self, harness, phone, maria):
        phone.shows_reads = False
        id = await maria.send_text(phone, "Olá")
        await self.mark_read(harness, await self.received(harness, "Olá"))

        await until(lambda: phone.inbox.find(maria.phone, id).is_read)
        assert not maria.sees.receipts(phone, "read")

    async def test_a_delivery_is_seen_too(self, harness, phone, maria):
        id = await maria.send_text(phone, "Olá")

        await maria.sees.wait(lambda sees: sees.receipts(phone, "inactive"))
        assert [one.ids for one in maria.sees.receipts(phone)] == [(id,)]

    @pytest.mark.parametrize(("shows_reads", "type"), [(True, "read"), (False, "read-self")])
    async def test_what_is_read_on_the_phone_is_the_owners_reading(self, harness, phone, maria, shows_reads, type):
        phone.shows_reads = shows_reads
        id = await maria.send_text(phone, "Olá")
        await self.received(harness, "Olá")

        assert await phone.read(maria) == [id]
        [receipt] = await self.read_receipts(harness, "read", "read-self")
        assert (receipt.type, receipt.is_from_me, receipt.chat, receipt.wa_ids) == (type, True, maria.lid, (id,))
        assert bool(maria.sees.receipts(phone, "read")) is shows_reads

    async def test_what_is_read_in_a_group_on_the_phone_says_whose_it_was(self, harness, phone, maria, group):
        id = await maria.send_text(group, "Olá")
        await self.received(harness, "Olá")
        await phone.read(group)

        [receipt] = await self.read_receipts(harness, "read")
        assert (receipt.is_from_me, receipt.chat, receipt.wa_ids) == (True, str(group), (id,))
        assert (await harness.frame("receipt"))["message_sender"] == maria.lid


async def test_a_new_name_comes_with_the_next_message(harness, phone, maria):
    await maria.send_text(phone, "um")
    await notices(harness, "PushName")
    await maria.rename("Maria S.")
    await maria.send_text(phone, "dois")

    told = await notices(harness, "PushName", 2)
    assert (told[1]["OldPushName"], told[1]["NewPushName"]) == ("Maria", "Maria S.")


async def test_groups_are_listed_and_shown(harness, group, phone, maria):
    shown = await harness.engine.group("s1", 1, str(group))
    listed = await harness.engine.groups("s1", 1)

    assert listed == [shown]
    assert (shown.subject, [(one.identity.lid, one.role) for one in shown.members]) == (
        "Equipe", [(phone.lid, "member"), (maria.lid, "superadmin")],
    )  # fmt: skip


async def test_receipts_from_a_group_can_come_together(harness, phone, maria, group):
    joao = harness.network.add_contact("5511977776666", name="João")
    await group.add(joao)
    outgoing = replace(text_to(maria.phone, "Oi"), to=str(group))
    await harness.engine.send("s1", 1, outgoing)
    await group.answer_together(phone, outgoing.wa_id, "read", [maria, joao])

    def read() -> list[Receipt]:
        return [one for one in harness.listener.heard if isinstance(one, Receipt) and one.type == "read"]

    await harness.listener.until(lambda: len(read()) == 2)
    assert [receipt.sender.lid for receipt in read()] == [maria.lid, joao.lid]
