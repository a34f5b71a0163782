"""Messages that are encrypted ahead."""

from __future__ import annotations

import pytest

from recado_simulator.content import text_message, text_of
from recado_simulator.node import Node

TEXTS = ["a", "b", "c", "d", "e"]
MESSAGES = [text_message(text) for text in TEXTS]


async def test_nothing_is_queued_before_it_is_enqueued(client, phone, maria, network):
    maria.prepare(phone, MESSAGES)

    assert not network.ledger.of(phone)


async def test_prepared_messages_arrive_in_order(client, phone, maria, network):
    prepared = maria.prepare(phone, MESSAGES)
    network.enqueue(prepared)

    messages = [await client.next("message") for _ in TEXTS]
    assert [text_of(client.read(message)) for message in messages] == TEXTS
    assert [message.text("id") for message in messages] == prepared.ids


async def test_they_are_kept_for_a_device_that_is_away(client, phone, maria, network):
    await client.close()
    network.enqueue(maria.prepare(phone, MESSAGES))
    await client.login()

    assert [text_of(client.read(await client.next("message"))) for _ in TEXTS] == TEXTS


async def test_they_are_dealt_out_over_chats(client, phone, maria, network):
    network.enqueue(maria.prepare(phone, MESSAGES, chat_count=2))

    senders = [(await client.next("message")).jid("from") for _ in TEXTS]
    other = network.extra_contact(1).account.lid_jid
    assert senders == [maria.account.lid_jid, other, maria.account.lid_jid, other, maria.account.lid_jid]


async def test_a_corrupt_one_can_be_asked_for_again(client, phone, maria, network):
    network.enqueue(maria.prepare(phone, MESSAGES[:1]))
    message = await client.next("message")
    await client.receipt(message, "retry", Node("retry", {"count": "1", "id": message.text("id"), "v": "1"}))
    await client.ack(message)

    assert client.read(await client.next("message")) == MESSAGES[0]


async def test_without_a_linked_device_there_is_nothing_to_encrypt_for(phone, maria):
    with pytest.raises(LookupError, match="no device is linked to 5511999990001"):
        maria.prepare(phone, MESSAGES)
