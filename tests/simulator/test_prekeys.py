"""Prekeys that devices publish, fetch and run out of."""

from __future__ import annotations

from recado_simulator.jid import NETWORK, Jid
from recado_simulator.node import Node
from recado_simulator.post import LOW
from recado_simulator.prekey_nodes import read_bundle


async def count(client) -> int:
    return int((await client.ask("encrypt", Node("count"))).first("count").text("value"))


async def fetch(client, jid: Jid) -> Node:
    return (await client.ask("encrypt", Node("key", {}, [Node("user", {"jid": jid})]))).first("list", "user")


async def test_the_count_is_what_was_uploaded(client):
    assert await count(client) == 20


async def test_a_contact_that_writes_takes_one(client, phone, maria):
    await maria.send_text(phone, "Olá!")
    await maria.send_text(phone, "de novo")

    assert await count(client) == 19


async def test_a_device_that_runs_low_is_told_once(client, phone, network):
    for n in range(20 - LOW + 2):
        await network.extra_contact(n).send_text(phone, "Olá!")

    told = await client.next("notification")
    assert (told.text("type"), told.jid("from"), told.first("count").text("value")) == ("encrypt", NETWORK, "4")
    await client.ask("w:p")
    assert all(node.tag != "notification" for node in client.nodes._queue)


async def test_it_is_told_again_after_another_upload(client, phone, network):
    for n in range(16):
        await network.extra_contact(n).send_text(phone, "Olá!")
    await client.ack(await client.next("notification"))
    await client.upload_prekeys(1)
    await network.extra_contact(16).send_text(phone, "Olá!")

    assert (await client.next("notification")).first("count").text("value") == "4"


async def test_without_any_left_the_signed_prekey_does(client, phone, maria):
    phone.account.devices[1].prekeys.clear()
    await maria.send_text(phone, "Olá!")

    client.read(await client.next("message"))


async def test_a_contacts_bundle_holds_its_own_signature(client, maria):
    user = await fetch(client, maria.account.lid_jid)

    read_bundle(Node("user", {}, [user.first("registration"), Node("keys", {}, user.children)])).check()


async def test_two_fetches_give_two_prekeys(client, maria):
    keys = [(await fetch(client, maria.account.lid_jid)).first("key", "id").data for _ in range(2)]

    assert keys[0] != keys[1]


async def test_a_linked_devices_bundle_comes_with_its_identity(client):
    assert (await fetch(client, client.lid)).first("device-identity") is not None


async def test_a_device_that_is_not_there_is_an_error_in_its_place(client, maria):
    user = await fetch(client, maria.account.lid_jid.of_device(9))

    assert user.first("error").text("code") == "404"


async def test_the_digest_lists_what_is_published(client):
    digest = (await client.ask("encrypt", Node("digest"))).first("digest")

    assert len(digest.first("list").children) == 20
    assert digest.first("identity").data == client.signal.identity.public
