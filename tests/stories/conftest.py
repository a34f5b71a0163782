"""What the stories start from: a network, and Recado as a child process on a database of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest

from recado_simulator.network import Network
from recado_simulator.options import NetworkOptions
from recado_simulator.phone import Phone
from tests.stories.ears import Receiver, receiving
from tests.stories.product import Product, product


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    async with Network(NetworkOptions(seed=11)) as running:
        yield running


@pytest.fixture
async def recado(tmp_path, network: Network, database_url: str) -> AsyncIterator[Product]:
    async with product(
        tmp_path,
        network,
        database_url=database_url,
        health_interval="1",
        engine_keepalive_min="1",
        engine_keepalive_max="2",
        engine_keepalive_deadline="3",
        allow_private_webhooks="127.0.0.1",
    ) as running:
        yield running


@pytest.fixture
def phone(network: Network) -> Phone:
    return network.add_phone("5511999990001", name="Loja da Ana")


@pytest.fixture
def maria(network: Network):
    return network.add_contact("5511988887777", name="Maria")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


@pytest.fixture
def sql(database_url: str):
    """Asks the test's database and gives all rows."""

    def ask(query: str, *values: object) -> list[tuple]:
        with psycopg.connect(database_url) as connection:
            return connection.execute(query, values).fetchall()

    return ask
