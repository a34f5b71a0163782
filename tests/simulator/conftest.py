"""A network, a phone, a contact, and a client linked to the phone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from recado_simulator import Contact, Network, NetworkOptions, Phone
from recado_simulator.control import Control
from tests.simulator.client import Client


@pytest.fixture
def options() -> NetworkOptions:
    return NetworkOptions(seed=7)


@pytest.fixture
async def network(options: NetworkOptions) -> AsyncIterator[Network]:
    async with Network(options) as network:
        yield network


@pytest.fixture
def phone(network: Network) -> Phone:
    return network.add_phone("5511999990001", name="Loja")


@pytest.fixture
def maria(network: Network) -> Contact:
    return network.add_contact("5511988887777", name="Maria", lid="100200300@lid")


@pytest.fixture
async def unlinked(network: Network) -> AsyncIterator[Client]:
    client = Client(network)
    await client.connect()
    yield client
    await client.close()


@pytest.fixture
async def client(network: Network, phone: Phone) -> AsyncIterator[Client]:
    client = Client(network)
    await client.pair(phone)
    await client.login()
    await client.upload_prekeys(20)
    yield client
    await client.close()


@pytest.fixture
async def http(network: Network, phone: Phone, maria: Contact) -> AsyncIterator[aiohttp.ClientSession]:
    """The control API of the network."""
    control = Control(network)
    async with aiohttp.ClientSession(await control.start(0)) as http:
        yield http
    await control.stop()
