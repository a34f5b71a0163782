"""App state as the real library reads it: every MAC it checks, every fault that it notices."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from recado.domain.engine import EngineError
from recado.domain.sync import COLLECTIONS, AppStateFetched, AppStateItem, AppStateItems
from recado_simulator.app_state.blobs import INLINE_MOST
from recado_simulator.iq.app_state import PATCHES_MOST
from tests.engines.harness import link
from tests.engines.whatsmeow_harness import WhatsmeowHarness, whatsmeow
from tests.waiting import until

pytestmark = pytest.mark.engine
CONTACTS, FLAGS, MUTES = "critical_unblock_low", "regular_low", "regular_high"


class Library:
    """The host's library, linked to a phone; what it has read by collection."""

    def __init__(self, harness: WhatsmeowHarness) -> None:
        self.harness = harness
        self.phone = harness.phone("s1")

    async def pair(self) -> None:
        await link(self.harness, "s1")
        if not self.phone.app_state.withholds_keys:
            await self.harness.listener.signalled("app_state_changed", "s1")

    async def read(self, collection: str, version: int | None = None) -> AppStateFetched:
        """What has changed since a version, or all of it."""
        self.harness.listener.heard.clear()
        return await self.harness.engine.fetch_app_state("s1", 1, collection, version)

    @property
    def items(self) -> list[AppStateItem]:
        """What the last read has brought."""
        heard = self.harness.listener.heard
        return [item for one in heard if isinstance(one, AppStateItems) for item in one.items]

    @property
    def names(self) -> list[str]:
        return [item.value["contactAction"]["fullName"] for item in self.items]


@pytest.fixture
async def unpaired(database_url, tmp_path) -> AsyncIterator[Library]:
    async with whatsmeow(database_url, tmp_path) as harness:
        yield Library(harness)


@pytest.fixture
async def library(unpaired) -> Library:
    await unpaired.pair()
    return unpaired


async def test_every_collection_is_read(library):
    read = [(await library.read(name)).version for name in COLLECTIONS]

    assert read == [1, 0, 0, 0, 0]


async def test_the_phones_name_comes_first(library):
    await library.read("critical_block")

    assert [(item.index, item.value["pushNameSetting"]["name"]) for item in library.items] == [
        (("setting_pushName",), "Loja")
    ]


async def test_an_address_book_of_3000_is_a_snapshot(unpaired):
    with unpaired.phone.app_state.together():
        for n in range(3_000):
            unpaired.phone.book.save(f"55119{n:08}", f"Contato {n}")
    await unpaired.pair()
    read = await unpaired.read(CONTACTS)

    assert (read.version, read.was_full) == (1, True)
    assert sorted(unpaired.names) == sorted(f"Contato {n}" for n in range(3_000))


async def test_names_come_with_both_addresses(library):
    maria = library.harness.contact
    library.phone.book.save(maria, "Maria Silva", first="Maria")
    await library.read(CONTACTS)
    [item] = library.items

    assert item.index == ("contact", f"{maria.phone}@s.whatsapp.net")
    assert item.value["contactAction"] == {
        "fullName": "Maria Silva",
        "firstName": "Maria",
        "lidJID": maria.lid,
        "saveOnPrimaryAddressbook": True,
        "pnJID": f"{maria.phone}@s.whatsapp.net",
    }


async def test_a_change_is_told_and_read_since_the_version(library):
    library.phone.book.save("5511900000001", "Ana")
    await library.read(CONTACTS)
    library.phone.book.save("5511900000002", "Bia")
    await told(library, CONTACTS, 3)
    read = await library.read(CONTACTS, 1)

    assert (read.version, read.was_full, library.names) == (2, False, ["Bia"])


async def test_a_renamed_and_a_removed_contact(library):
    for n in (1, 2):
        library.phone.book.save(f"551190000000{n}", f"Ana {n}")
    await library.read(CONTACTS)
    library.phone.book.save("5511900000001", "Ana Maria")
    library.phone.book.remove("5511900000002")
    read = await library.read(CONTACTS, 2)

    assert (read.version, read.removed, library.names) == (4, 1, ["Ana Maria"])


async def test_an_old_snapshot_and_the_patches_since(library):
    library.phone.book.save("5511900000001", "Ana")
    library.phone.app_state.snapshot(CONTACTS)
    library.phone.book.save("5511900000001", "Ana Maria")
    read = await library.read(CONTACTS)

    assert (read.version, library.names) == (2, ["Ana Maria"])


async def test_a_whole_read_does_not_bring_back_who_was_removed_since_the_snapshot(library):
    for n in (1, 2):
        library.phone.book.save(f"551190000000{n}", f"Ana {n}")
    library.phone.app_state.snapshot(CONTACTS)
    library.phone.book.remove("5511900000002")
    await library.read(CONTACTS)

    assert library.names == ["Ana 1"]


async def test_more_patches_than_one_answer_holds(library):
    for n in range(2 * PATCHES_MOST + 1):
        library.phone.book.save(f"55119000000{n:02}", f"Ana {n}")
    read = await library.read(CONTACTS)

    assert read.version == len(library.names) == 2 * PATCHES_MOST + 1


async def test_a_patch_whose_changes_lie_on_the_media_server(library):
    with library.phone.app_state.together():
        for n in range(INLINE_MOST + 1):
            library.phone.book.save(f"55119000000{n:02}", f"Ana {n}")
    await library.read(CONTACTS)

    assert len(library.names) == INLINE_MOST + 1


async def test_settings_of_a_chat(library):
    chats, maria = library.phone.chats, library.harness.contact
    chats.pin(maria)
    chats.archive(maria)
    chats.mark_read(maria, on=False)
    chats.mute(maria)
    await library.read(FLAGS)
    flags = {item.index: item.value for item in library.items}
    await library.read(MUTES)

    assert flags["pin_v1", maria.lid]["pinAction"] == {"pinned": False}
    assert flags["archive", maria.lid]["archiveChatAction"]["archived"] is True
    assert flags["markChatAsRead", maria.lid]["markChatAsReadAction"]["read"] is False
    assert library.items[0].value["muteAction"] == {"muted": True, "muteEndTimestamp": "-1"}


@pytest.mark.parametrize(("mac", "said"), [("patch", "patch MAC"), ("snapshot", "LTHash"), ("content", "content MAC")])
async def test_a_wrong_mac_is_noticed_once(library, mac, said):
    library.phone.book.save("5511900000001", "Ana")
    library.phone.app_state.break_mac(CONTACTS, mac)
    with pytest.raises(EngineError, match=said):
        await library.read(CONTACTS)
    await library.read(CONTACTS)

    assert library.names == ["Ana"]


@pytest.mark.parametrize("mac", ["snapshot", "content"])
async def test_a_wrong_mac_of_a_snapshot_is_noticed(library, mac):
    library.phone.book.save("5511900000001", "Ana")
    library.phone.app_state.snapshot(CONTACTS)
    library.phone.app_state.break_mac(CONTACTS, mac, times=2)
    for _ in range(2):
        with pytest.raises(EngineError):
            await library.read(CONTACTS)
    await library.read(CONTACTS)

    assert library.names == ["Ana"]


async def test_withheld_keys_come_when_that_ends(unpaired):
    unpaired.phone.app_state.withhold_keys()
    await unpaired.pair()
    with pytest.raises(EngineError, match="key"):
        await unpaired.read("critical_block")
    unpaired.phone.app_state.withhold_keys(on=False)
    await told(unpaired, "critical_block", 1)
    await unpaired.read("critical_block")

    assert len(unpaired.items) == 1


async def test_a_key_that_the_library_lacks_is_asked_for(library):
    library.phone.book.save("5511900000001", "Ana")
    await library.read(CONTACTS)
    library.phone.app_state.new_key(share=False)
    library.phone.book.save("5511900000001", "Ana Maria")
    with pytest.raises(EngineError, match="key"):
        await library.read(CONTACTS, 1)
    await told(library, "critical_block", 2)
    read = await library.read(CONTACTS, 1)

    assert (read.version, library.names) == (2, ["Ana Maria"])


async def told(library: Library, collection: str, count: int) -> None:
    """Returns once the host has said this often that a collection has changed."""
    signals = library.harness.listener.signals

    def said() -> int:
        return sum(one.type == "app_state_changed" and one.data["collection"] == collection for one in signals)

    await until(lambda: said() >= count)
