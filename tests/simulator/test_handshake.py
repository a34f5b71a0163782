"""The handshake, and who is let in."""

from __future__ import annotations

import aiohttp
import pytest

from recado_simulator.frames import HEADER, FrameReader, frame
from recado_simulator.keys import verify
from recado_simulator.noise import NoiseError
from recado_simulator.protobuf import decode, int_of, required_bytes
from tests.simulator.client import Client


async def test_the_root_key_signs_the_intermediate_and_that_the_servers_key(unlinked, network):
    chain = decode(unlinked.certificates)
    leaf, intermediate = (decode(required_bytes(chain, number)) for number in (1, 2))
    details = decode(required_bytes(intermediate, 1))
    leaf_details = decode(required_bytes(leaf, 1))

    assert verify(bytes.fromhex(network.root_key), required_bytes(intermediate, 1), required_bytes(intermediate, 2))
    assert verify(required_bytes(details, 3), required_bytes(leaf, 1), required_bytes(leaf, 2))
    assert required_bytes(leaf_details, 3) == network.authority.static.public
    assert int_of(leaf_details, 2) == int_of(details, 1)
    assert int_of(details, 2) == 0


async def test_a_linked_device_is_let_in_with_its_lid(network, phone):
    client = Client(network)
    await client.pair(phone)

    success = await client.login()

    assert success.jid("lid") == client.lid
    await client.close()


async def test_a_device_of_an_unknown_number_is_refused_with_401(network, phone):
    client = Client(network)
    await client.pair(phone)
    client.jid = client.jid._replace(user="5511900000000")
    await client.connect()

    assert (await client.next("failure")).text("reason") == "401"
    await client.close()


async def test_a_device_with_another_noise_key_is_refused_with_401(network, phone):
    client, other = Client(network), Client(network, "other")
    await client.pair(phone)
    other.jid = client.jid
    await other.connect()

    assert (await other.next("failure")).text("reason") == "401"
    await other.close()


async def test_a_second_login_replaces_the_first(network, phone, client):
    again = Client(network)
    again.jid = client.jid
    await again.connect()

    assert (await client.next("stream:error")).first("conflict").text("type") == "replaced"
    await again.next("success")
    await again.close()


async def test_a_stream_of_something_else_is_closed(network):
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{network.url}/ws/chat") as socket:
        await socket.send_bytes(b"GET / HTTP/1.1")

        assert (await socket.receive(timeout=60)).type is aiohttp.WSMsgType.CLOSE


def test_frames_are_found_however_they_are_cut():
    stream = HEADER + frame(b"one") + frame(b"") + frame(b"three" * 100)
    reader = FrameReader()

    frames = [body for at in range(len(stream)) for body in reader.feed(stream[at : at + 1])]

    assert frames == [b"one", b"", b"three" * 100]


def test_a_wrong_header_is_no_stream():
    with pytest.raises(NoiseError, match="48545450"):
        FrameReader().feed(b"HTTP")
