"""Recado in this process: a real database, real sockets, and an engine whose network the test plays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from recado.domain.engine import Device
from recado.runtime import Runtime, running
from recado.settings import Settings, read_settings
from tests.api.door import Door, House
from tests.api.neighbours import Street, a_street
from tests.engines.fake import FakeEngine
from tests.fixtures_database import TEMPLATE, copied, named

ADMIN_KEY = "an-admin-key-of-thirty-two-chars"
PHONE = Device(jid="5511999990001:1@s.whatsapp.net", lid="1001:1@lid", push_name="Loja")


def settings_for(database_url: str, directory: Path) -> Settings:
    return read_settings(
        database_url=database_url,
        data_dir=directory / "data",
        port=0,
        admin_key=ADMIN_KEY,
        cors_origins=["https://painel.example"],
        pace=False,
    )


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Tests that need others override this."""
    return settings_for(database_url, tmp_path)


@pytest.fixture
async def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
async def runtime(settings: Settings, engine: FakeEngine) -> AsyncIterator[Runtime]:
    async with running(settings, engine=engine) as runtime:
        await engine.attached.wait()
        yield runtime


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as http:
        yield http


@pytest.fixture
async def door(runtime: Runtime, http: aiohttp.ClientSession) -> Door:
    """With the admin key."""
    return Door(runtime, http, ADMIN_KEY)


@pytest.fixture
async def loja(door: Door, engine: FakeEngine) -> str:
    """The name of an instance that is connected; its session in the engine is its id."""
    await door.connected_instance("loja", engine, PHONE)
    return "loja"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(server_url: str, _caretaker, tmp_path_factory) -> AsyncIterator[House]:
    """One Recado for all tests of a module that leave it as it was."""
    with copied(_caretaker, TEMPLATE) as name:
        settings = settings_for(named(server_url, name), tmp_path_factory.mktemp("house"))
        settings = settings.model_copy(update={"allow_private_webhooks": ["127.0.0.9"]})
        engine = FakeEngine()
        async with running(settings, engine=engine) as runtime, aiohttp.ClientSession() as http:
            await engine.attached.wait()
            yield await House.furnished(Door(runtime, http, ADMIN_KEY), engine, PHONE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def street(server_url: str, _caretaker, tmp_path_factory) -> AsyncIterator[Street]:
    """Two instances of which a key sees one; the tests of a module leave them as they were."""
    with copied(_caretaker, TEMPLATE) as name:
        settings = settings_for(named(server_url, name), tmp_path_factory.mktemp("street"))
        async with a_street(settings.model_copy(update={"allow_private_webhooks": ["127.0.0.0/8"]})) as street:
            yield street
