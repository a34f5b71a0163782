"""Reading app state: all of it, or what has changed since a version."""

from __future__ import annotations

import pytest

from recado_simulator.app_state.actions import COLLECTIONS
from recado_simulator.app_state.blobs import INLINE_MOST
from recado_simulator.iq.app_state import PATCHES_MOST
from recado_simulator.node import Node
from recado_simulator.protobuf import decode
from tests.simulator.app_state_reads import CONTACTS, ask, blob, names, patches, snapshot, versions
from tests.simulator.client import Client


@pytest.mark.parametrize("name", COLLECTIONS)
async def test_every_collection_answers(client, phone, name):
    answer = await ask(client, name)

    assert (answer.text("name"), answer.text("version")) == (name, str(phone.app_state.version(name)))


async def test_several_are_answered_at_once(client):
    asked = [Node("collection", {"name": name, "version": "0"}) for name in COLLECTIONS]
    answer = await client.ask("w:sync:app:state", Node("sync", {}, asked), type="set")

    assert [one.text("name") for one in answer.first("sync").all("collection")] == list(COLLECTIONS)


async def test_a_collection_that_there_is_not_is_empty(client):
    answer = await ask(client, "made_up")

    assert (answer.text("version"), answer.children) == ("0", [])


async def test_the_phones_name_is_there_from_the_first(client, phone, network):
    [entry] = phone.app_state.entries("critical_block")

    assert entry.index == ("setting_pushName",)
    assert b"Loja" in entry.value
    assert len((await snapshot(network, await ask(client, "critical_block"))).records) == 1


async def test_what_was_there_before_pairing_is_a_snapshot(network, phone, maria):
    phone.book.save(maria, "Maria Silva")
    phone.book.save("5511900000001", "Ana")
    client = Client(network)
    await client.pair(phone)
    await client.login()
    answer = await ask(client, CONTACTS)

    jids = [f"{maria.phone}@s.whatsapp.net", "5511900000001@s.whatsapp.net"]
    assert names(phone, await snapshot(network, answer)) == jids
    assert patches(answer) == []
    await client.close()


async def test_what_came_since_follows_as_patches(client, phone, maria):
    version = phone.app_state.version(CONTACTS)
    phone.book.save(maria, "Maria")
    phone.book.save(maria, "Maria Silva")

    assert versions(await ask(client, CONTACTS, version)) == [1, 2]
    assert versions(await ask(client, CONTACTS, 1)) == [2]
    assert versions(await ask(client, CONTACTS, 2)) == []


async def test_a_whole_read_may_be_an_old_snapshot_and_patches(client, phone, maria, network):
    phone.book.save(maria, "Maria")
    phone.app_state.snapshot(CONTACTS)
    phone.book.remove(maria)
    answer = await ask(client, CONTACTS)

    assert len((await snapshot(network, answer)).records) == 1
    assert versions(answer) == [2]


async def test_a_snapshot_is_not_sent_unasked(client, phone, maria):
    phone.book.save(maria, "Maria")
    phone.app_state.snapshot(CONTACTS)

    assert (await ask(client, CONTACTS, 1)).first("snapshot") is None


async def test_many_patches_come_page_by_page(client, phone, maria):
    for n in range(PATCHES_MOST + 1):
        phone.book.save(maria, f"Maria {n}")
    first = await ask(client, CONTACTS)
    second = await ask(client, CONTACTS, PATCHES_MOST)

    assert (len(versions(first)), first.text("has_more_patches")) == (PATCHES_MOST, "true")
    assert (versions(second), second.text("has_more_patches")) == ([PATCHES_MOST + 1], "")


async def test_changes_made_together_are_one_patch(client, phone):
    with phone.app_state.together():
        for n in range(3):
            phone.book.save(f"551190000000{n}", f"Ana {n}")

    assert [len(patch[2]) for patch in patches(await ask(client, CONTACTS))] == [3]


async def test_a_large_patch_lies_on_the_media_server(client, phone, network):
    with phone.app_state.together():
        for n in range(INLINE_MOST + 1):
            phone.book.save(f"55119000000{n:02}", f"Ana {n}")
    [patch] = patches(await ask(client, CONTACTS))

    assert 2 not in patch
    assert len(decode(await blob(network, patch[3][0]))[1]) == INLINE_MOST + 1


async def test_the_newest_snapshot_is_made_once(client, phone, maria):
    phone.book.save(maria, "Maria")
    phone.app_state.snapshot(CONTACTS)
    first, second = [(await ask(client, CONTACTS)).first("snapshot").data for _ in range(2)]

    assert first == second
