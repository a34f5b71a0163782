"""Changes of app state: who is told, and what a linked device changes itself."""

from __future__ import annotations

import pytest

from recado_simulator.app_state.actions import PIN, switched
from recado_simulator.app_state.collection import Collection
from recado_simulator.app_state.record import seal
from recado_simulator.node import Node
from recado_simulator.protobuf import encode
from tests.simulator.app_state_reads import CONTACTS, FLAGS, MUTES, ask, versions
from tests.simulator.client import Client
from tests.waiting import until


async def leave(client, phone) -> None:
    """Returns once the network knows that the client has gone."""
    await client.close()
    await until(lambda: not phone.account.is_online)


async def test_a_change_is_told_to_a_device_that_is_online(client, phone, maria):
    phone.book.save(maria, "Maria")
    notice = await client.next("notification")

    assert notice.text("type") == "server_sync"
    assert dict(notice.first("collection").attrs) == {"name": CONTACTS, "version": "1"}


async def test_changes_of_several_collections_made_together_are_told_at_once(client, phone, maria):
    with phone.app_state.together():
        phone.chats.mute(maria)
        phone.chats.pin(maria)

    assert [one.text("name") for one in (await client.next("notification")).children] == [MUTES, FLAGS]


async def test_a_device_that_is_away_is_not_told(client, phone, maria):
    await leave(client, phone)
    phone.book.save(maria, "Maria")
    await client.login()
    phone.chats.pin(maria)

    assert (await client.next("notification")).first("collection").text("name") == FLAGS


async def test_notices_can_wait_for_it(client, phone, maria):
    phone.app_state.keeps_notices = True
    await leave(client, phone)
    phone.book.save(maria, "Maria")
    await client.login()

    assert (await client.next("notification")).first("collection").text("name") == CONTACTS


async def test_a_device_changes_what_the_phone_has(client, phone, maria):
    answer = await ask(client, FLAGS, 0, patch_node(phone, maria))

    assert (answer.text("version"), answer.text("type")) == ("1", "")
    assert phone.app_state.entries(FLAGS)[0].index == ("pin_v1", maria.lid)
    assert versions(await ask(client, FLAGS)) == [1]


async def test_the_writer_is_not_told_but_the_others_are(client, network, phone, maria):
    other = Client(network, "other")
    await other.pair(phone)
    await other.login()
    await ask(client, FLAGS, 0, patch_node(phone, maria))
    phone.chats.mute(maria)

    assert (await client.next("notification")).first("collection").text("name") == MUTES
    assert (await other.next("notification")).first("collection").text("name") == FLAGS
    await other.close()


async def test_a_change_of_an_old_version_is_a_conflict_that_says_what_was_missed(client, phone, maria):
    patch = patch_node(phone, maria)
    phone.chats.archive(maria)
    answer = await ask(client, FLAGS, 0, patch)

    assert (answer.text("type"), answer.first("error").text("code")) == ("error", "409")
    assert versions(answer) == [1]
    assert phone.app_state.version(FLAGS) == 1


@pytest.mark.parametrize("data", [b"", b"\xff\xff", encode([(4, b"x"), (5, b"y"), (6, encode([(1, b"z")]))])])
async def test_a_change_that_does_not_hold_is_refused(client, phone, data):
    answer = await ask(client, FLAGS, 0, Node("patch", {}, data))

    assert answer.first("error").text("code") == "400"
    assert phone.app_state.version(FLAGS) == 0


def patch_node(phone, who) -> Node:
    """A chat pinned by a linked device that knows nothing yet; the version is the network's to say."""
    key, entry = phone.app_state.keys[-1], PIN.entry(0, switched(on=True), who.lid)
    patch = Collection(FLAGS).change([(seal(entry, key, phone.app_state.random), entry)], key)
    return Node("patch", {}, patch.encode()[len(encode([(1, encode([(1, 1)]))])) :])
