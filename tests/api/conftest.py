"""Recado in this process: a real database, real sockets, and an engine whose network the test plays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from recado.domain.engine import Device
from recado.runtime import Runtime, running
from recado.settings import Settings, read_settings
from tests.api.door import Door
from tests.engines.fake import FakeEngine
from tests.waiting import until

ADMIN_KEY = "an-admin-key-of-thirty-two-chars"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Tests that need others override this."""
    return read_settings(
        database_url=database_url,
        data_dir=tmp_path / "data",
        port=0,
        admin_key=ADMIN_KEY,
        cors_origins=["https://painel.example"],
    )


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
    made = (await door.post("/v1/instances", {"instance_name": "loja", "start": False})).body
    engine.link(made["id"], Device(jid="5511999990001:1@s.whatsapp.net", lid="1001:1@lid", push_name="Loja"))
    await door.post("/v1/instances/loja/start")

    async def is_connected() -> bool:
        return (await door.get("/v1/instances/loja")).body["status"] == "connected"

    await until(is_connected)
    return "loja"
