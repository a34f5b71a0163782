"""The network counts the logins of a device that was connected already, and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from recado_simulator import Network, outbox
from tests.simulator.client import Client
from tests.waiting import until


@pytest.fixture
async def twin(network: Network, client: Client):
    """The same device once more, as from another machine."""
    twin = Client(network)
    twin.noise, twin.jid, twin.lid = client.noise, client.jid, client.lid
    yield twin
    await twin.close()


async def test_a_login_beside_a_living_client_is_a_double(network, client, twin, phone):
    await twin.login()
    await client.closed()

    [double] = await until(lambda: network.doubles)
    assert (double.account, double.device) == (phone.phone, client.jid.device)


async def test_a_frame_of_the_older_client_is_a_double(network, client, twin, monkeypatch):
    monkeypatch.setattr(outbox, "LINGER", 60)  # the network may stand still and not close before the frame comes
    hang(client)
    await twin.login()
    await client.socket.send_bytes(b"\0\0\1x")

    await until(lambda: network.doubles)


async def test_a_login_after_the_client_has_closed_is_none(network, client, twin):
    await client.close()
    await twin.login()

    assert await twin.ask("w:p")
    assert network.doubles == []


async def test_a_login_beside_a_client_that_hangs_is_none(network, client, twin, phone):
    hang(client)
    is_over = asyncio.Event()
    phone.account.devices[client.jid.device].connection.on_end(is_over.set)
    await twin.login()
    await is_over.wait()

    assert network.doubles == []


async def test_a_client_that_the_network_itself_has_cut_is_none(network, client, twin, phone):
    network.faults.cut(phone)
    await twin.login()

    assert await twin.ask("w:p")
    assert network.doubles == []


def hang(client: Client) -> None:
    """It reads and writes nothing any more; its socket stays open."""
    client._reading.cancel()
