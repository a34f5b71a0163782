"""Messages both ways, their receipts, and what is offered again."""

from __future__ import annotations

import pytest

from recado_simulator import NetworkOptions
from recado_simulator.content import device_sent, text_message, text_of
from recado_simulator.jid import Jid
from recado_simulator.node import Node
from recado_simulator.prekey_nodes import key_nodes, read_bundle, registration
from recado_simulator.signal import SignalError, pad
from tests.simulator.client import Client


async def test_a_contacts_text_is_decrypted_by_the_device(client, phone, maria):
    await maria.send_text(phone, "Olá!")

    assert client.read(await client.next("message")) == text_message("Olá!")


async def test_a_contact_appears_by_lid_with_its_number_beside_it(client, phone, maria):
    await maria.send_text(phone, "Olá!")

    message = await client.next("message")
    assert message.jid("from") == Jid("100200300", "lid")
    assert message.jid("sender_pn") == Jid("5511988887777", "s.whatsapp.net")


async def test_a_contact_can_appear_by_number_with_its_lid_beside_it(client, phone, maria):
    await maria.send_text(phone, "Olá!", address="pn")

    message = await client.next("message")
    assert message.jid("from") == Jid("5511988887777", "s.whatsapp.net")
    assert message.jid("sender_lid") == Jid("100200300", "lid")


@pytest.mark.parametrize("address", ["lid", "pn"])
async def test_a_contact_can_hide_its_other_address(client, phone, maria, address):
    await maria.send(phone, text_message("Olá!"), address=address, alternative=False)

    message = await client.next("message")
    assert not {"sender_pn", "sender_lid"} & set(message.attrs)


@pytest.mark.parametrize("content", [b"", b"\0", b"\xff\xfe", text_message("á" * 1_000_000)], ids=len)
async def test_any_bytes_can_be_sent(client, phone, maria, content):
    await maria.send(phone, content)

    assert client.read(await client.next("message")) == content


async def test_an_id_can_be_chosen_and_used_in_two_chats(client, phone, maria, network):
    joao = network.add_contact("5511977776666")
    for contact in (maria, joao):
        await contact.send_text(phone, contact.phone, id="SAME")

    messages = [await client.next("message") for _ in range(2)]
    assert {(m.text("id"), text_of(client.read(m))) for m in messages} == {("SAME", maria.phone), ("SAME", joao.phone)}
    assert len(network.ledger.inbound(phone)) == 2


async def test_a_media_message_says_its_kind(client, phone, maria):
    await maria.send(phone, b"\x1a\x00")  # imageMessage {}

    message = await client.next("message")
    assert (message.text("type"), message.first("enc").text("mediatype")) == ("media", "image")


async def test_an_offered_message_is_not_confirmed(client, phone, maria, network):
    id = await maria.send_text(phone, "Olá!")
    await client.next("message")

    row = network.ledger.row(phone, id)
    assert (row.offers, row.confirmed_by) == (1, None)


@pytest.mark.parametrize("type", ["", "inactive", "read", "retry"])
async def test_a_receipt_of_any_type_ends_redelivery(client, phone, maria, network, type):
    id = await maria.send_text(phone, "Olá!")
    await client.receipt(await client.next("message"), type)

    await network.ledger.wait(lambda ledger: ledger.confirmed(phone))
    assert network.ledger.row(phone, id).confirmed_by == (type or "delivery")


@pytest.mark.parametrize(("error", "by"), [("", "ack"), ("491", "nack:491")])
async def test_an_ack_ends_redelivery(client, phone, maria, network, error, by):
    id = await maria.send_text(phone, "Olá!")
    await client.ack(await client.next("message"), error)

    await network.ledger.wait(lambda ledger: ledger.confirmed(phone))
    assert network.ledger.row(phone, id).confirmed_by == by


async def test_one_receipt_can_confirm_many_messages(client, phone, maria, network):
    for n in range(3):
        await maria.send_text(phone, str(n))
    first, *rest = [await client.next("message") for _ in range(3)]
    listed = Node("list", {}, [Node("item", {"id": message.text("id")}) for message in rest])
    await client.receipt(first, "inactive", listed)

    await network.ledger.wait(lambda ledger: len(ledger.confirmed(phone)) == 3)


async def test_what_was_not_confirmed_is_offered_again_in_order(client, phone, maria):
    for text in ("a", "b", "c"):
        await maria.send_text(phone, text)
    messages = [await client.next("message") for _ in range(3)]
    texts = [text_of(client.read(message)) for message in messages]
    await client.receipt(messages[1])
    await client.next("ack")
    await client.close()
    await client.login()

    again = [await client.next("message") for _ in range(2)]
    assert texts == ["a", "b", "c"]
    assert [message.text("id") for message in again] == [messages[0].text("id"), messages[2].text("id")]


async def test_offline_messages_come_between_two_markers(client, phone, maria):
    await client.close()
    for text in ("a", "b"):
        await maria.send_text(phone, text)
    await client.login()

    preview = await client.next("ib")
    assert preview.first("offline_preview").text("message") == "2"
    assert [(await client.next("message")).text("offline") for _ in range(2)] == ["1", "1"]
    assert (await client.next("ib")).first("offline").text("count") == "2"


async def test_with_nothing_kept_the_end_marker_comes_too(network, phone):
    client = Client(network)
    await client.pair(phone)
    await client.login()

    await client.next("ib")
    assert (await client.next("ib")).first("offline").text("count") == "0"
    await client.close()


class TestDeliveryReceiptsOnly:
    @pytest.fixture
    def options(self):
        return NetworkOptions(seed=7, confirm="delivery")

    @pytest.mark.parametrize("answer", ["ack", "read", "retry"])
    async def test_nothing_but_a_delivery_receipt_ends_redelivery(self, client, phone, maria, network, answer):
        await maria.send_text(phone, "Olá!")
        message = await client.next("message")
        await (client.ack(message) if answer == "ack" else client.receipt(message, answer))
        await client.ask("w:p")

        assert not network.ledger.confirmed(phone)

    @pytest.mark.parametrize("type", ["", "inactive"])
    async def test_a_delivery_receipt_does(self, client, phone, maria, network, type):
        await maria.send_text(phone, "Olá!")
        await client.receipt(await client.next("message"), type)

        await network.ledger.wait(lambda ledger: ledger.confirmed(phone))


class TestSmallWindow:
    @pytest.fixture
    def options(self):
        return NetworkOptions(seed=7, offline_batch=2)

    async def test_only_so_many_unconfirmed_messages_are_on_the_wire(self, client, phone, maria, network):
        for n in range(5):
            await maria.send_text(phone, str(n))
        await client.ask("w:p")

        assert len(network.ledger.offered(phone)) == 2

    async def test_a_confirmation_makes_room_for_the_next(self, client, phone, maria, network):
        for n in range(5):
            await maria.send_text(phone, str(n))
        for _ in range(5):
            await client.receipt(await client.next("message"))

        await network.ledger.wait(lambda ledger: len(ledger.confirmed(phone)) == 5)


async def test_a_corrupt_message_is_sent_anew_once_the_device_asks(client, phone, maria, network):
    id = await maria.send(phone, text_message("Olá!"), corrupt=True)
    message = await client.next("message")
    with pytest.raises(SignalError):
        client.read(message)
    await client.receipt(message, "retry", Node("retry", {"count": "1", "id": id, "v": "1"}))
    await client.ack(message)

    again = await client.next("message")
    assert (again.text("id"), again.first("enc").text("count")) == (id, "1")
    assert client.read(again) == text_message("Olá!")
    assert network.ledger.row(phone, id).confirmed_at is None
    assert network.ledger.row(phone, id).retries == 1


async def test_a_retry_with_keys_is_answered_with_those_keys(client, phone, maria):
    id = await maria.send(phone, text_message("Olá!"), corrupt=True)
    message = await client.next("message")
    bundle = client.signal.bundle()
    retry = Node("retry", {"count": "2", "id": id, "v": "1"})
    await client.receipt(message, "retry", retry, registration(bundle), Node("keys", {}, key_nodes(bundle)))
    await client.ack(message)

    assert client.read(await client.next("message")) == text_message("Olá!")
    assert not client.signal._prekeys.get(bundle.prekey_id)


async def send(client: Client, to, message: bytes, id: str = "3EB0", bundle=None) -> None:
    """Sends to the main device of an account, by LID, as the client of a linked device does."""
    address = str(to.account.lid_jid)
    if bundle is None and not client.signal.has_session(address):
        user = Node("user", {"jid": to.account.lid_jid})
        answer = (await client.ask("encrypt", Node("key", {}, [user]))).first("list", "user")
        keys = Node("keys", {}, answer.children)
        bundle = read_bundle(Node("user", {}, [answer.first("registration"), keys]))
    sealed = client.signal.encrypt(address, pad(message, client.signal.random), bundle)
    enc = Node("enc", {"v": "2", "type": sealed.kind}, sealed.data)
    target = Node("to", {"jid": to.account.lid_jid}, [enc])
    attrs = {"to": to.account.lid_jid, "id": id, "type": "text"}
    await client.send(Node("message", attrs, [Node("participants", {}, [target])]))


async def test_a_contact_decrypts_what_the_device_sends(client, maria):
    await send(client, maria, text_message("Oi"))

    assert await maria.wait_text(containing="Oi") == "Oi"


async def test_a_sent_message_is_acknowledged_and_then_receipted(client, maria):
    await send(client, maria, text_message("Oi"))

    ack = await client.next("ack")
    assert (ack.text("class"), ack.text("id"), ack.jid("from")) == ("message", "3EB0", maria.account.lid_jid)
    receipt = await client.next("receipt")
    assert (receipt.text("id"), receipt.text("type")) == ("3EB0", "")


async def test_the_ledger_follows_what_the_device_sends(client, phone, maria, network):
    await send(client, maria, text_message("Oi"))
    await maria.wait_text()
    await maria.read(phone)

    row = network.ledger.row(phone, "3EB0")
    assert (row.direction, row.acked, row.copies, row.decrypted, row.read) == ("out", True, 1, True, True)


async def test_the_same_message_again_is_one_in_the_inbox_and_two_copies(client, phone, maria, network):
    for _ in range(2):
        await send(client, maria, text_message("Oi"))
        await client.next("receipt")

    assert len(maria.inbox) == 1
    assert network.ledger.row(phone, "3EB0").copies == 2


async def test_read_receipts_name_all_messages_at_once(client, phone, maria):
    for id in ("A1", "A2", "A3"):
        await send(client, maria, text_message(id), id)
        await client.next("receipt")

    assert await maria.read(phone) == ["A1", "A2", "A3"]
    receipt = await client.next("receipt")
    assert (receipt.text("type"), receipt.text("id")) == ("read", "A1")
    assert [item.text("id") for item in receipt.first("list").children] == ["A2", "A3"]


async def test_what_was_read_is_not_read_again(client, phone, maria):
    await send(client, maria, text_message("Oi"))
    await maria.wait_text()
    await maria.read(phone)

    assert await maria.read(phone) == []


async def test_a_contact_that_cannot_decrypt_asks_again_with_a_bundle(client, maria):
    address = str(maria.account.lid_jid)
    await send(client, maria, text_message("um"), "A1")
    await client.next("receipt")
    await maria.send_text("5511999990001", "answered, so that no invitation is needed")
    client.read(await client.next("message"))
    maria.signal.drop_session(str(client.lid))

    await send(client, maria, text_message("dois"), "A2")

    receipt = await client.next("receipt")
    assert (receipt.text("type"), receipt.first("retry").text("id")) == ("retry", "A2")
    client.signal.drop_session(address)
    await send(client, maria, text_message("dois"), "A2", bundle=read_bundle(receipt))
    assert await maria.wait_text("dois") == "dois"


async def test_a_receipt_is_offered_again_until_it_is_acknowledged(client, maria):
    await send(client, maria, text_message("Oi"))
    receipt = await client.next("receipt")
    await client.close()
    await client.login()

    again = await client.next("receipt")
    assert again.text("id") == receipt.text("id")
    await client.ack(again)
    await client.ask("w:p")
    assert not len(next(iter(maria.network.account("5511999990001").devices.values())).mailbox)


async def test_the_phone_sees_what_its_linked_device_sends(client, phone, maria):
    await send(client, phone, device_sent(maria.lid, text_message("Oi")))
    found = await phone.inbox.wait(lambda message: message.is_from_me, 5)

    assert (found.text, str(found.chat)) == ("Oi", maria.lid)


async def test_the_linked_device_sees_what_its_phone_sends(client, phone, maria):
    await phone.send_text(maria, "do celular")

    message = await client.next("message")
    assert message.jid("from") == phone.account.lid_jid
    assert message.jid("recipient") == maria.account.lid_jid
    assert client.read(message) == device_sent(maria.lid, text_message("do celular"))
    assert await maria.wait_text() == "do celular"


async def test_two_linked_devices_talk_to_each_other(network, client, phone):
    other_phone = network.add_phone("5511999990002", name="Outra")
    other = Client(network, "other")
    await other.pair(other_phone)
    await other.login()
    bundle = network.post.bundle_of(other_phone.account.devices[1])
    address = other_phone.account.lid_jid.of_device(1)
    sealed = client.signal.encrypt(str(address), pad(text_message("Oi"), client.signal.random), bundle)
    target = Node("to", {"jid": address}, [Node("enc", {"v": "2", "type": sealed.kind}, sealed.data)])
    attrs = {"to": other_phone.account.lid_jid, "id": "3EB0", "type": "text"}
    await client.send(Node("message", attrs, [Node("participants", {}, [target])]))

    message = await other.next("message")
    assert (message.jid("from"), message.text("notify")) == (client.lid, "Loja")
    assert other.read(message) == text_message("Oi")
    await other.receipt(message)
    assert (await client.next("receipt")).jid("from") == other.lid
    await other.close()
