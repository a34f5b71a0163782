"""Every fault does what it says, to the account it is for."""

from __future__ import annotations

import aiohttp
import pytest

from recado_simulator.content import text_message
from recado_simulator.node import Node
from recado_simulator.signal import SignalError
from tests.simulator.client import Client, Closed
from tests.simulator.test_messages import send


async def test_cut_closes_without_a_word(client, phone, network):
    network.faults.cut(phone)

    with pytest.raises(Closed):
        await client.next("stream:error")


async def test_cut_leaves_the_device_linked(client, phone, network):
    network.faults.cut(phone)
    await client.closed()
    await client.close()

    await client.login()
    assert phone.account.is_online


@pytest.mark.parametrize("code", [500, 503, 515])
async def test_a_stream_error_has_its_code_and_closes(client, phone, network, code):
    network.faults.stream_error(phone, code)

    assert (await client.next("stream:error")).text("code") == str(code)
    await client.closed()


async def test_conflict_says_replaced(client, phone, network):
    network.faults.conflict(phone)

    assert (await client.next("stream:error")).first("conflict").text("type") == "replaced"


async def test_device_removed_unlinks(client, phone, network):
    network.faults.device_removed(phone)

    assert (await client.next("stream:error")).text("code") == "401"
    assert not phone.account.devices


@pytest.mark.parametrize("code", [402, 403, 405])
async def test_a_failure_answers_as_many_logins_as_asked(client, phone, network, code):
    network.faults.failure(phone, code, times=2)
    for _ in range(2):
        await client.close()
        await client.connect()
        assert (await client.next("failure")).text("reason") == str(code)
    await client.close()

    await client.login()


async def test_a_ban_says_when_it_ends(client, phone, network):
    network.faults.failure(phone, 402, expires_ms=90_000)
    await client.close()
    await client.connect()

    assert (await client.next("failure")).text("expire") == "90"


async def test_silent_pings_leaves_pings_unanswered_and_the_rest_alive(client, phone, network):
    network.faults.silent_pings(phone)
    await client.send(Node("iq", {"id": "p1", "to": "s.whatsapp.net", "type": "get", "xmlns": "w:p"}))

    assert (await client.ask("privacy")).text("id") != "p1"
    network.faults.silent_pings(phone, on=False)
    assert (await client.ask("w:p")).text("type") == "result"


async def test_a_deaf_connection_gets_answers_and_nothing_else(client, phone, maria, network):
    network.faults.deaf(phone)
    await maria.send_text(phone, "Oi")

    assert (await client.ask("w:p")).text("type") == "result"
    assert client.nodes.empty()
    assert network.ledger.counts(phone)["offered"] == 0


async def test_what_a_deaf_connection_missed_comes_on_the_next_one(client, phone, maria, network):
    network.faults.deaf(phone)
    await maria.send_text(phone, "Oi")
    await client.close()

    await client.login()

    assert client.read(await client.next("message")) == text_message("Oi")


async def test_withheld_acks_never_come_though_the_message_arrives(client, phone, maria, network):
    network.faults.withhold_acks(phone)
    await send(client, maria, text_message("Oi"))
    await maria.wait_text()

    assert not network.ledger.row(phone, "3EB0").acked


async def test_delayed_acks_come_after_the_message_has_arrived(client, phone, maria, network):
    network.faults.delay_acks(phone, ms=20)
    await send(client, maria, text_message("Oi"))
    await maria.wait_text()
    was_acked = network.ledger.row(phone, "3EB0").acked

    assert (await client.next("ack")).text("id") == "3EB0"
    assert not was_acked


async def test_corrupt_breaks_as_many_messages_as_asked(client, phone, maria, network):
    network.faults.corrupt(phone, times=1)
    for text in ("um", "dois"):
        await maria.send_text(phone, text)

    with pytest.raises(SignalError):
        client.read(await client.next("message"))
    assert client.read(await client.next("message")) == text_message("dois")


async def test_a_nack_has_its_code_and_nothing_is_delivered(client, phone, maria, network):
    network.faults.nack(phone, 463)
    await send(client, maria, text_message("um"), "A1")
    refused = await client.next("ack")
    await send(client, maria, text_message("dois"), "A2")
    await maria.wait_text("dois")

    assert refused.text("error") == "463"
    assert [message.text for message in maria.inbox] == ["dois"]


async def test_refused_connections_do_not_get_through_the_handshake(network, phone):
    network.faults.refuse_connections()
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientError):
            await http.ws_connect(f"{network.url}/ws/chat")


async def test_clear_ends_all_of_them(client, phone, network):
    network.faults.silent_pings(phone)
    network.faults.refuse_connections()
    network.faults.clear()

    assert (await client.ask("w:p")).text("type") == "result"
    assert not network.faults.refuses_connections


async def test_a_fault_leaves_other_accounts_alone(client, phone, network):
    other_phone = network.add_phone("5511999990002")
    other = Client(network, "other")
    await other.pair(other_phone)
    await other.login()
    network.faults.silent_pings(other_phone)
    network.faults.cut(other_phone)
    await other.closed()
    await other.close()

    assert (await client.ask("w:p")).text("type") == "result"


def test_a_fault_for_nobody_is_an_error(network):
    with pytest.raises(LookupError, match="nobody has the number 55"):
        network.faults.cut("55")
