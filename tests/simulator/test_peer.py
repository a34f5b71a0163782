"""A phone and its linked devices tell each other things that are no messages."""

from __future__ import annotations

from recado_simulator.content import text_message
from recado_simulator.node import Node
from recado_simulator.phone import Phone
from recado_simulator.prekey_nodes import key_nodes, registration
from recado_simulator.signal import pad


def only_device(phone):
    return next(iter(phone.account.devices.values()))


async def test_a_peer_message_comes_from_the_own_number_and_says_what_it_is(client, phone):
    id = phone.send_peer(only_device(phone), text_message("keys"))

    message = await client.next("message")

    assert (message.text("id"), message.jid("from"), message.text("category")) == (id, phone.account.phone_jid, "peer")
    assert client.read(message) == text_message("keys")


async def test_a_peer_message_is_not_in_the_ledger(client, phone, network):
    phone.send_peer(only_device(phone), text_message("keys"))
    await client.next("message")

    assert network.ledger.rows() == []


async def test_a_peer_message_that_cannot_be_decrypted_is_sent_anew(client, phone):
    phone.send_peer(only_device(phone), text_message("keys"))
    message = await client.next("message")
    bundle = client.signal.bundle()
    retry = Node("retry", {"count": "1", "id": message.text("id"), "t": "1", "v": "1"})
    await client.receipt(message, "retry", retry, registration(bundle), Node("keys", {}, key_nodes(bundle)))
    await client.ack(message)

    again = await client.next("message")

    assert again.text("category") == "peer"
    assert client.read(again) == text_message("keys")


async def test_what_a_device_asks_of_its_phone_reaches_the_phone_and_no_inbox(client, phone, monkeypatch):
    asked = []
    monkeypatch.setattr(Phone, "take_peer", lambda self, device, id, message: asked.append((id, message)))
    await ask(client, phone, "P1")

    assert asked == [("P1", text_message("more"))]
    assert len(phone.inbox) == 0


async def test_a_phone_confirms_what_its_device_asks(client, phone):
    await ask(client, phone, "P1")

    receipt = await client.next("receipt")
    assert (receipt.text("id"), receipt.text("type"), receipt.jid("from")) == (
        "P1",
        "peer_msg",
        phone.account.phone_jid,
    )


async def test_a_silent_phone_confirms_and_does_nothing(client, phone, network, monkeypatch):
    asked = []
    monkeypatch.setattr(Phone, "take_peer", lambda self, device, id, message: asked.append(id))
    network.faults.silent_phone(phone)
    await ask(client, phone, "P1")

    await client.ask("w:p")
    assert (asked, client.nodes.empty()) == ([], True)


async def ask(client, phone, id: str) -> None:
    phone.send_peer(only_device(phone), text_message("a session to answer in"))
    client.read(await client.next("message"))
    sealed = client.signal.encrypt(str(phone.account.phone_jid), pad(text_message("more"), client.signal.random), None)
    enc = Node("enc", {"v": "2", "type": sealed.kind}, sealed.data)
    attrs = {"to": phone.account.phone_jid, "id": id, "category": "peer", "type": "text"}
    await client.send(Node("message", attrs, [enc]))
    await client.next("ack")


async def test_a_device_that_becomes_active_is_welcomed_by_its_phone(client, phone, monkeypatch):
    welcomed = []
    monkeypatch.setattr(Phone, "welcome", lambda self, device: welcomed.append(device.number))
    await client.close()
    await client.login()

    assert welcomed == [1]
