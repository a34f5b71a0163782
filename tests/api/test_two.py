"""Two Recados on one database: what needs a connection can be asked of either, and is done by the one that has it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from recado.domain.sync import HistoryBatch, Picture
from recado.runtime import running
from tests.api.conftest import ADMIN_KEY, PHONE, settings_for
from tests.api.door import Door
from tests.engines.fake import FakeEngine

SENDER = "5511988887777@s.whatsapp.net"
JPEG = b"\xff\xd8\xff a face"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """`near` has the instance `loja` connected, with a chat and a contact; `far` is asked."""

    near: Door
    far: Door
    engine: FakeEngine
    idle: FakeEngine
    id: str
    chat: str
    contact: str

    @property
    def path(self) -> str:
        return f"/v1/instances/loja/chats/{self.chat}"

    @property
    def told(self) -> list[str]:
        """What the network was told, by which means whatever."""
        return [what for what, _ in self.engine.phone(self.id).heard]


@contextlib.asynccontextmanager
async def a_recado(url: str, directory: Path, http: aiohttp.ClientSession) -> AsyncIterator[tuple[Door, FakeEngine]]:
    engine = FakeEngine()
    async with running(settings_for(url, directory), engine=engine) as runtime:
        await engine.attached.wait()
        yield Door(runtime, http, ADMIN_KEY), engine


@pytest.fixture
async def pair(database_url: str, tmp_path: Path, http: aiohttp.ClientSession) -> AsyncIterator[Pair]:
    async with a_recado(database_url, tmp_path / "near", http) as (near, engine):
        id = (await near.connected_instance("loja", engine, PHONE))["id"]
        engine.phone(id).older = HistoryBatch(session=id, id="")
        engine.pictures[SENDER] = Picture(id="1", image=JPEG)
        await engine.receive(id, sender=SENDER)
        [message] = (await near.get("/v1/instances/loja/messages")).body["items"]
        known = {"id": id, "chat": message["chat"]["id"], "contact": message["sender"]["id"]}
        async with a_recado(database_url, tmp_path / "far", http) as (far, idle):
            yield Pair(near=near, far=far, engine=engine, idle=idle, **known)


async def test_everything_that_needs_the_connection_reaches_it(pair: Pair):
    read = await pair.far.post(pair.path + "/read")
    assert (read.status, read.body["unread_count"]) == (200, 0)
    for path, state in ((pair.path + "/typing", "composing"), ("/v1/instances/loja/presence", "available")):
        assert (await pair.far.post(path, {"state": state})).status == 204
    assert (await pair.far.post(f"/v1/instances/loja/contacts/{pair.contact}/watch")).status == 204
    asked = await pair.far.post(pair.path + "/history?wait=answered", {"count": 10})
    assert (asked.status, asked.body["state"]) == (200, "answered")
    picture = await pair.far.get(pair.path + "/picture")
    assert (picture.status, picture.body) == (200, JPEG)

    assert pair.told[:3] == ["read", "typing", "presence"]
    assert {"request", "hist_sync"} <= set(pair.told)
    assert len(pair.engine.watched) == 1
    assert pair.idle.calls == []


async def test_a_picture_is_fetched_once_for_all_processes(pair: Pair):
    for door in (pair.far, pair.near, pair.far):
        assert (await door.get(f"/v1/instances/loja/contacts/{pair.contact}/picture")).body == JPEG
    assert [call for call, _, _ in pair.engine.calls].count("picture") == 1


async def test_the_answer_is_the_same_whoever_is_asked_while_it_is_not_connected(pair: Pair):
    assert (await pair.near.post("/v1/instances/loja/stop")).status == 202
    await pair.near.row_with("loja", state="stopped")
    for door in (pair.near, pair.far):
        answer = await door.post(pair.path + "/read")
        assert (answer.status, answer.code) == (409, "not_connected")
