"""The keys of app state: a phone shares them with its linked devices."""

from __future__ import annotations

import pytest

from recado_simulator.app_state import key_share
from recado_simulator.node import Node
from recado_simulator.protobuf import decode, encode
from recado_simulator.signal import pad
from tests.simulator.client import Client


@pytest.fixture
async def linked(network, phone):
    """A client that has been told the keys."""
    client = Client(network)
    await client.pair(phone, with_keys=True)
    await client.login()
    yield client
    await client.close()


async def test_a_new_device_is_told_the_keys(linked, phone):
    message = await linked.next("message")
    shared = decode(decode(decode(linked.read(message))[12][0])[7][0])[1]

    assert message.text("category") == "peer"
    assert [decode(decode(key)[1][0])[1][0] for key in map(bytes, shared)] == [phone.app_state.keys[0].id]


async def test_keys_that_are_withheld_are_told_when_that_ends(client, phone, maria):
    await maria.send_text(phone, "nothing before this")
    message = await client.next("message")
    phone.app_state.withhold_keys(on=False)

    assert message.text("category") == ""
    assert (await client.next("message")).text("category") == "peer"


async def test_a_device_that_asks_gets_the_keys_it_names(linked, phone):
    linked.read(await linked.next("message"))
    phone.app_state.new_key(share=False)
    wanted = phone.app_state.keys[-1]
    await request(linked, phone, wanted.id, b"unknown")

    shared = decode(decode(decode(linked.read(await linked.next("message")))[12][0])[7][0])[1]
    first, second = (decode(key) for key in map(bytes, shared))
    assert decode(first[2][0])[1][0] == wanted.data
    assert 2 not in second


async def test_while_withheld_nobody_answers(linked, phone, maria):
    linked.read(await linked.next("message"))
    phone.app_state.withhold_keys()
    await request(linked, phone, phone.app_state.keys[0].id)
    await maria.send_text(phone, "after")

    assert (await linked.next("message")).text("category") == ""


async def test_what_is_asked_of_the_phone_is_not_in_the_ledger(linked, phone, network):
    linked.read(await linked.next("message"))
    await request(linked, phone, phone.app_state.keys[0].id)

    assert network.ledger.rows() == []


async def request(client, phone, *ids: bytes) -> None:
    wanted = encode([(1, encode([(1, id)])) for id in ids])
    message = encode([(key_share.PROTOCOL, encode([(key_share.TYPE, key_share.KEY_REQUEST), (8, wanted)]))])
    sealed = client.signal.encrypt(str(phone.account.phone_jid), pad(message, client.signal.random), None)
    enc = Node("enc", {"v": "2", "type": sealed.kind}, sealed.data)
    attrs = {"to": phone.account.phone_jid, "id": "P1", "category": "peer", "type": "text"}
    await client.send(Node("message", attrs, [enc]))
    await client.next("ack")
