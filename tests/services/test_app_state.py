"""What the phone says of names and chats is what the tables say, whatever is lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from recado.domain.engine import EngineError, Signal
from recado.domain.errors import Unavailable
from recado.domain.jid import Identity
from recado.domain.sync import COLLECTIONS, AppStateItems
from recado.services.bell import Bell
from recado.services.receiving.app_state import AppState
from recado.services.roster import Roster
from recado.store.database import Database
from tests.services.phonebook import Phonebook
from tests.stillclock import START, StillClock
from tests.store.house import BY_BOTH, BY_LID, BY_PHONE, GROUP, LID, PHONE_JID, House, at
from tests.waiting import until

NAMES = (
    "SELECT coalesce(phone_number, lid), name, first_name, is_saved FROM whatsapp_contacts WHERE merged_into IS NULL"
)
KEPT = (
    "SELECT is_archived, pinned_at, muted_until::text, is_marked_unread FROM whatsapp_chats WHERE merged_into IS NULL"
)
ADDRESS_BOOK = "critical_unblock_low"


class Desk:
    """An instance that is connected, the phone, and the service that reads it."""

    def __init__(self, house: House, clock: StillClock, bell: Bell) -> None:
        self.house = house
        self.clock = clock
        self.phone = Phonebook()
        self.roster = Roster()
        self.service = AppState(house.database, self.phone, self.roster, clock, bell)
        self.phone.hears = self.service.handle

    def connect(self) -> None:
        self.roster.leave(self.house.id)
        self.roster.enter(self.house.id, 1)

    def say_changed(self, collection: str) -> None:
        data = {"collection": collection}
        signal = Signal(session=str(self.house.id), fence=1, type="app_state_changed", at=START, data=data)
        self.service.changed(signal)

    async def read(self, *collections: str) -> None:
        """The network tells of changes; wait until they are read."""
        counts = {name: self._count(name) + 1 for name in collections}
        for name in collections:
            self.say_changed(name)
        await until(lambda: all(self._count(name) >= count for name, count in counts.items()))
        await self.settled()

    def _count(self, collection: str) -> int:
        return sum(name == collection for name, _ in self.phone.reads)

    async def settled(self) -> None:
        """Nothing is being read and nothing is due."""

        def is_quiet() -> bool:
            agendas = self.service._agendas.values()
            return all(not one.is_busy and not one.is_due(self.clock.now()) for one in agendas)

        await until(is_quiet)

    async def connected(self) -> None:
        count = len(self.phone.reads)
        self.connect()
        await until(lambda: len(self.phone.reads) >= count + len(COLLECTIONS))
        await self.settled()


@pytest.fixture
async def desk(db: Database, clock: StillClock, bell: Bell) -> AsyncIterator[Desk]:
    desk = Desk(await House(db, clock).open(), clock, bell)
    task = asyncio.create_task(desk.service.run())
    yield desk
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled(), task


async def test_every_collection_is_read_after_a_connect_in_order(desk: Desk):
    await desk.connected()
    assert [name for name, _ in desk.phone.reads] == list(COLLECTIONS)


async def test_the_address_book_names_people_in_one_event(desk: Desk):
    for n in range(450):
        desk.phone.name(f"55119{n:08d}@s.whatsapp.net", f"Pessoa {n}", firstName="Pessoa")
    await desk.connected()
    rows = await desk.house.rows(NAMES)
    assert len(rows) == 450
    assert {(first, saved) for _, _, first, saved in rows} == {("Pessoa", True)}
    [event] = await desk.house.events()
    assert (event.type, event.data) == ("contacts.synced", {"contacts": 450})


async def test_a_renamed_contact_is_renamed_and_told_of(desk: Desk):
    desk.phone.name(PHONE_JID, "Maria")
    await desk.connected()
    await desk.read(desk.phone.name(PHONE_JID, "Maria Silva"))
    assert [name for _, name, _, _ in await desk.house.rows(NAMES)] == ["Maria Silva"]
    event = (await desk.house.events("contact.updated"))[-1]
    assert (event.data["contact"]["name"], event.data["changed"]) == ("Maria Silva", ["name"])


async def test_what_changed_while_away_is_read_at_the_next_connect_as_changes_only(desk: Desk):
    desk.phone.name(PHONE_JID, "Maria")
    await desk.connected()
    desk.phone.name("5511977776666@s.whatsapp.net", "João")
    await desk.connected()
    assert desk.phone.reads[-4] == (ADDRESS_BOOK, False)
    assert {name for _, name, _, _ in await desk.house.rows(NAMES)} == {"Maria", "João"}


async def test_a_removed_contact_loses_its_name_by_a_full_read(desk: Desk):
    desk.phone.name(PHONE_JID, "Maria")
    await desk.connected()
    await desk.read(desk.phone.remove("contact", PHONE_JID))
    assert desk.phone.reads[-2:] == [(ADDRESS_BOOK, False), (ADDRESS_BOOK, True)]
    assert await desk.house.rows(NAMES) == [("5511988887777", None, None, False)]


async def test_removals_are_looked_for_at_most_once_a_minute(desk: Desk):
    for n in range(3):
        desk.phone.name(f"551198888777{n}@s.whatsapp.net", "Maria")
    await desk.connected()
    await desk.read(desk.phone.remove("contact", "5511988887770@s.whatsapp.net"))
    await desk.read(desk.phone.remove("contact", "5511988887771@s.whatsapp.net"))
    await desk.read(desk.phone.remove("contact", "5511988887772@s.whatsapp.net"))
    count = [one for one in desk.phone.reads if one == (ADDRESS_BOOK, True)]
    assert len(count) == 2  # the first read of all, and one for the first removal
    desk.clock.advance(timedelta(seconds=61))
    await until(lambda: desk.phone.reads.count((ADDRESS_BOOK, True)) == 3)
    await desk.settled()
    assert {name for _, name, _, _ in await desk.house.rows(NAMES)} == {None}


async def test_chat_settings_change_the_chat(desk: Desk):
    await desk.house.hear(desk.house.text(who=BY_BOTH))
    await desk.connected()
    desk.phone.set("archive", LID, archiveChatAction={"archived": True})
    desk.phone.set("pin_v1", LID, at=at(60), pinAction={"pinned": True})
    desk.phone.set("mute", PHONE_JID, muteAction={"muted": True, "muteEndTimestamp": "-1"})
    await desk.read("regular_high", "regular_low")
    assert await desk.house.rows(KEPT) == [(True, at(60), "infinity", False)]
    told = (await desk.house.events("chat.updated"))[-1].data
    assert (told["is_archived"], told["muted_until"]) == (True, "9999-12-31T23:59:59.999Z")


async def test_settings_that_are_gone_are_taken_back(desk: Desk):
    await desk.house.hear(desk.house.text(who=BY_BOTH))
    desk.phone.set("archive", LID, archiveChatAction={"archived": True})
    desk.phone.set("pin_v1", LID, pinAction={"pinned": True})
    await desk.connected()
    await desk.read(desk.phone.remove("archive", LID))
    assert await desk.house.rows(KEPT) == [(False, START, None, False)]


async def test_settings_of_a_chat_that_is_not_there_yet_wait_for_it(desk: Desk):
    desk.phone.set("mute", GROUP, muteAction={"muted": True, "muteEndTimestamp": "-1"})
    desk.phone.set("archive", PHONE_JID, archiveChatAction={"archived": True})
    await desk.connected()
    assert await desk.house.rows(KEPT) == []
    await desk.house.hear(desk.house.text(chat=GROUP, who=BY_LID))
    assert await desk.house.rows(KEPT) == [(False, None, "infinity", False)]
    await desk.house.hear(desk.house.text(who=BY_PHONE))
    assert {archived for archived, *_ in await desk.house.rows(KEPT)} == {True, False}


async def test_a_chat_read_on_the_phone_has_nothing_unread_but_what_came_later(desk: Desk):
    house = desk.house
    await house.hear(*(house.text(who=BY_BOTH, sent_at=at(n * 10)) for n in range(3)))
    await desk.connected()
    until_second = {"read": True, "messageRange": {"lastMessageTimestamp": str(int(at(10).timestamp()))}}
    await desk.read(desk.phone.set("markChatAsRead", LID, markChatAsReadAction=until_second))
    assert await house.value("SELECT unread_count FROM whatsapp_chats") == 1
    [event] = await house.events("chat.updated")
    assert event.data["unread_count"] == 1


async def test_a_chat_marked_as_unread_is_so_until_it_is_read(desk: Desk):
    await desk.house.hear(desk.house.text(who=BY_BOTH))
    await desk.connected()
    await desk.read(desk.phone.set("markChatAsRead", LID, markChatAsReadAction={"read": False}))
    assert await desk.house.value("SELECT is_marked_unread FROM whatsapp_chats")
    await desk.read(desk.phone.set("markChatAsRead", LID, at=at(60), markChatAsReadAction={"read": True}))
    assert await desk.house.rows("SELECT is_marked_unread, unread_count FROM whatsapp_chats") == [(False, 0)]


async def test_an_old_mark_does_not_come_back_with_another_entry(desk: Desk):
    await desk.house.hear(desk.house.text(who=BY_BOTH))
    desk.phone.set("markChatAsRead", LID, markChatAsReadAction={"read": False})
    await desk.connected()
    await desk.house.rows("UPDATE whatsapp_chats SET is_marked_unread = false RETURNING id")
    await desk.read(desk.phone.set("pin_v1", LID, pinAction={"pinned": True}))
    desk.phone.host_forgets = True
    await desk.read("regular_low")
    assert not await desk.house.value("SELECT is_marked_unread FROM whatsapp_chats")


async def test_the_owners_name_is_the_instances(desk: Desk):
    desk.phone.set("setting_pushName", pushNameSetting={"name": "Loja da Ana"})
    await desk.connected()
    assert await desk.house.value("SELECT push_name FROM whatsapp_instances") == "Loja da Ana"


async def test_other_entries_are_kept_as_they_are(desk: Desk):
    desk.phone.set("label_edit", "1", labelEditAction={"name": "Cliente\0"})
    await desk.connected()
    query = "SELECT index, value->'labelEditAction' FROM recado.app_state_items"
    assert await desk.house.rows(query) == [('["label_edit","1"]', {"name": "Cliente␀"})]


async def test_entries_that_were_lost_before_the_version_was_stored_come_with_a_full_read(desk: Desk):
    desk.phone.name(PHONE_JID, "Maria")
    await desk.connected()

    async def crash() -> None:
        raise EngineError("host_down", "the host died", may_retry=True)

    desk.phone.before_answer = crash
    collection = desk.phone.name(PHONE_JID, "Maria Silva")
    desk.say_changed(collection)
    await until(lambda: len(desk.phone.tries) > len(COLLECTIONS))
    await desk.settled()
    desk.phone.before_answer, desk.phone.host_forgets = None, True
    desk.phone.remove("contact", PHONE_JID)
    desk.phone.name("5511977776666@s.whatsapp.net", "João")
    await desk.connected()
    assert set(await desk.house.rows(NAMES)) == {
        ("5511988887777", None, None, False),
        ("5511977776666", "João", None, True),
    }


async def test_an_entry_of_a_read_that_failed_does_not_outlive_the_next_full_one(desk: Desk):
    """Both are reads from the start; only their numbers tell them apart."""

    async def crash() -> None:
        raise EngineError("timeout", "no answer", may_retry=True)

    desk.phone.name(PHONE_JID, "Maria")
    desk.phone.before_answer = crash
    desk.connect()
    await until(lambda: len(desk.phone.tries) >= len(COLLECTIONS))
    await desk.settled()
    assert [name for _, name, _, _ in await desk.house.rows(NAMES)] == ["Maria"]
    desk.phone.before_answer = None
    desk.phone.remove("contact", PHONE_JID)
    await desk.connected()
    assert await desk.house.rows(NAMES) == [("5511988887777", None, None, False)]


async def test_wrong_data_is_read_from_the_start(desk: Desk):
    desk.phone.name(PHONE_JID, "Maria")
    await desk.connected()
    desk.phone.wrong[ADDRESS_BOOK] = 1
    await desk.read(desk.phone.name(PHONE_JID, "Maria Silva"))
    assert desk.phone.tries[-2:] == [(ADDRESS_BOOK, 1), (ADDRESS_BOOK, None)]
    assert [name for _, name, _, _ in await desk.house.rows(NAMES)] == ["Maria Silva"]
    assert await desk.house.rows("SELECT code FROM recado.timeline") == []


async def test_data_that_stays_wrong_is_said_once_and_tried_every_hour(desk: Desk):
    desk.phone.name(PHONE_JID, "Maria")
    await desk.connected()
    desk.phone.wrong[ADDRESS_BOOK] = 3
    desk.say_changed(desk.phone.name(PHONE_JID, "Maria Silva"))
    await until(lambda: desk.phone.wrong[ADDRESS_BOOK] == 1)
    await desk.settled()
    desk.clock.advance(timedelta(minutes=61))
    await until(lambda: desk.phone.wrong[ADDRESS_BOOK] == 0)
    await desk.settled()
    assert await desk.house.rows("SELECT code, params FROM recado.timeline") == [
        ("app_state_wrong", {"error": ADDRESS_BOOK})
    ]
    assert await desk.house.value("SELECT count(*) FROM recado.app_state WHERE error IS NOT NULL") == 1
    desk.clock.advance(timedelta(minutes=61))
    await until(lambda: desk.phone.reads[-1] == (ADDRESS_BOOK, True))
    await desk.settled()
    assert await desk.house.value("SELECT count(*) FROM recado.app_state WHERE error IS NOT NULL") == 0


async def test_right_after_pairing_the_keys_may_still_be_on_their_way(desk: Desk):
    desk.phone.name(PHONE_JID, "Maria")
    for name in COLLECTIONS:
        desk.phone.wrong[name] = 2
    desk.connect()
    await until(lambda: not any(desk.phone.wrong.values()))
    await desk.settled()
    await desk.read(*COLLECTIONS)
    assert [name for _, name, _, _ in await desk.house.rows(NAMES)] == ["Maria"]
    assert await desk.house.rows("SELECT code FROM recado.timeline") == []


async def test_a_name_known_for_the_number_is_found_from_the_lid(desk: Desk):
    desk.phone.name(PHONE_JID, "Maria", lidJID=LID)
    await desk.connected()
    await desk.house.hear(desk.house.text(who=BY_LID))
    assert (await desk.house.events("message.received"))[0].data["sender"]["name"] == "Maria"
    assert len(await desk.house.rows(NAMES)) == 1


async def test_a_mapping_in_the_address_book_unites_who_was_two(desk: Desk):
    await desk.house.hear(desk.house.text(who=BY_LID), desk.house.text(who=BY_PHONE))
    desk.phone.name(PHONE_JID, "Maria", lidJID=LID)
    await desk.connected()
    assert [name for _, name, _, _ in await desk.house.rows(NAMES)] == ["Maria"]
    assert "contact.merged" in await desk.house.told()
    assert await desk.house.value("SELECT count(*) FROM whatsapp_chats WHERE merged_into IS NULL") == 1


async def test_a_phone_that_is_linked_anew_is_read_as_for_the_first_time(desk: Desk):
    desk.phone.name(PHONE_JID, "Maria")
    await desk.connected()
    desk.service.paired(desk.house.id)
    desk.phone.remove("contact", PHONE_JID)
    desk.phone.name("5511977776666@s.whatsapp.net", "João")
    await desk.connected()
    assert desk.phone.reads[-4:-3] == [(ADDRESS_BOOK, True)]
    assert {name for _, name, _, _ in await desk.house.rows(NAMES)} == {None, "João"}
    assert await desk.house.told() == ["contacts.synced", "contacts.synced"]


async def test_entries_that_nobody_asked_for_are_refused(desk: Desk):
    with pytest.raises(Unavailable):
        await desk.service.handle(AppStateItems(session=str(desk.house.id), collection=ADDRESS_BOOK, items=()))


async def test_an_index_longer_than_any_is_left_out(desk: Desk):
    desk.phone.set("star", "x" * 5_000, starAction={"starred": True})
    desk.phone.set("label_edit", "1", labelEditAction={})
    await desk.connected()
    assert await desk.house.value("SELECT count(*) FROM recado.app_state_items") == 1


@pytest.mark.parametrize("who", [Identity(phone="5511988887777"), Identity(lid=LID)])
async def test_a_contact_without_any_name_is_there_all_the_same(desk: Desk, who: Identity):
    desk.phone.set("contact", who.lid or PHONE_JID, contactAction={})
    await desk.connected()
    assert [(name, saved) for _, name, _, saved in await desk.house.rows(NAMES)] == [(None, True)]
