"""The event stream: WebSocket and server-sent events, resumed without a gap."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import aiohttp
import pytest

from recado.runtime import running
from tests.api.door import Door
from tests.engines.fake import FakeEngine
from tests.waiting import until

GUARD = 20


class Socket:
    """A WebSocket as a program reads it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def next(self) -> Any:
        return await self._socket.receive_json(timeout=GUARD)

    async def closed(self) -> int | None:
        message = await self._socket.receive(timeout=GUARD)
        assert message.type is aiohttp.WSMsgType.CLOSE
        return self._socket.close_code


@asynccontextmanager
async def websocket(door: Door, query: str = "") -> AsyncIterator[Socket]:
    url = f"{door.runtime.address}/v1/events{query}"
    async with door.http.ws_connect(url, headers=door.headers) as socket:
        yield Socket(socket)


async def sse(door: Door, query: str = "", **headers: str) -> AsyncIterator[dict[str, str]]:
    """Frames as field and value; comments have the field ``."""
    url = f"{door.runtime.address}/v1/events{query}"
    sent = door.headers | {name.replace("_", "-"): value for name, value in headers.items()}
    async with door.http.get(url, headers=sent) as answer:
        assert answer.status == 200
        frame: dict[str, str] = {}
        async for line in answer.content:
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field or value:
                frame[field] = value
            else:
                yield frame
                frame = {}


async def session(door: Door) -> str:
    return (await door.get("/v1/instances/loja")).body["id"]


async def head(door: Door) -> int:
    async with door.runtime.database.transaction() as tx:
        [position] = await (await tx.execute("SELECT max(position) FROM recado.event_log")).fetchone()
    return position


async def test_a_websocket_is_told_of_a_message(door: Door, loja: str, engine: FakeEngine):
    async with websocket(door, f"?after={await head(door)}") as events:
        await engine.receive(await session(door), text="Oi")
        event = await events.next()
    assert (event["type"], event["instance"], event["data"]["text"]) == ("message.received", "loja", "Oi")


async def test_a_websocket_that_resumes_misses_and_repeats_nothing(door: Door, loja: str, engine: FakeEngine):
    start, id = await head(door), await session(door)
    async with websocket(door, f"?after={start}&types=message.received") as events:
        await engine.receive(id, text="1")
        first = await events.next()
    for text in ("2", "3"):
        await engine.receive(id, text=text)
    async with websocket(door, f"?after={first['seq']}&types=message.received") as events:
        await engine.receive(id, text="4")
        rest = [(await events.next())["data"]["text"] for _ in range(3)]
    assert rest == ["2", "3", "4"]


async def test_only_the_types_asked_for_come(door: Door, loja: str, engine: FakeEngine):
    async with websocket(door, f"?after={await head(door)}&types=instance.*") as events:
        await engine.receive(await session(door))
        await door.post("/v1/instances/loja/stop")
        assert (await events.next())["type"] == "instance.state"


async def test_a_key_of_one_instance_hears_of_that_one_only(door: Door, loja: str, engine: FakeEngine):
    bound = await door.new_key("events", instance_id=(await door.instance("filial"))["id"])
    async with websocket(bound, f"?after={await head(door)}") as events:
        await engine.receive(await session(door))
        await door.post("/v1/instances/filial/messages", {"to": "+5511988887777", "text": "Oi"})
        assert (await events.next())["instance"] == "filial"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?after=abc", "wrong_position"),
        ("?after=-1", "wrong_position"),
        ("?after=99999999", "position_unknown"),
        ("?types=nada", "unknown_event_type"),
        ("?instance=nenhuma", "unknown_instance"),
        ("?ticket=wrong", "invalid_ticket"),
    ],
)
async def test_a_websocket_is_refused_in_words(door: Door, query: str, code: str):
    async with websocket(door, query) as events:
        assert (await events.next())["code"] == code
        assert await events.closed() == 4400


async def test_a_websocket_without_a_key_is_refused_in_words(door: Door):
    async with websocket(door.with_key(None)) as events:
        assert (await events.next())["code"] == "missing_key"
        assert await events.closed() == 4400


async def test_a_browser_gets_in_with_a_ticket_once(door: Door, loja: str, engine: FakeEngine):
    ticket = (await door.post("/v1/events/ticket")).body["ticket"]
    visitor, query = door.with_key(None), f"?ticket={ticket}&after={await head(door)}"
    async with websocket(visitor, query) as events:
        await engine.receive(await session(door), text="Oi")
        assert (await events.next())["data"]["text"] == "Oi"
    async with websocket(visitor, query) as events:
        assert (await events.next())["code"] == "invalid_ticket"


async def test_a_revoked_key_ends_its_streams(door: Door):
    made = (await door.post("/v1/keys", {"name": "panel", "scopes": ["events"]})).body
    async with websocket(door.with_key(made["secret"]), "?after=0") as events:
        await door.instance()
        assert (await events.next())["type"] == "instance.created"
        await door.delete(f"/v1/keys/{made['id']}")
        await door.instance("filial")
        assert (await events.next())["code"] == "key_revoked"
        assert await events.closed() == 4400


async def test_server_sent_events_carry_their_position_as_id(door: Door, loja: str, engine: FakeEngine):
    await engine.receive(await session(door), text="Oi")
    async with aclosing(sse(door, "?after=0&types=message.received")) as frames:
        await anext(frames)
        frame = await anext(frames)
    event = json.loads(frame["data"])
    assert (frame["event"], frame["id"], event["data"]["text"]) == ("message.received", str(event["seq"]), "Oi")


async def test_server_sent_events_resume_at_the_last_event_id(door: Door, loja: str, engine: FakeEngine):
    id = await session(door)
    for text in ("1", "2"):
        await engine.receive(id, text=text)
    async with aclosing(sse(door, "?after=0&types=message.received")) as frames:
        await anext(frames)
        seen = await anext(frames)
    query = "?after=0&types=message.received"
    async with aclosing(sse(door, query, last_event_id=seen["id"])) as frames:
        await anext(frames)
        assert json.loads((await anext(frames))["data"])["data"]["text"] == "2"


async def test_server_sent_events_are_refused_as_a_problem(door: Door):
    answer = await door.get("/v1/events?after=99999999")
    assert (answer.status, answer.code, answer.body["field"]) == (422, "position_unknown", "after")


@pytest.mark.parametrize("kind", ["websocket", "sse"])
async def test_a_client_that_leaves_is_let_go(door: Door, runtime, kind: str):
    streams = runtime.services.streams
    if kind == "websocket":
        async with websocket(door):
            await until(lambda: len(streams._live) == 1)
    else:
        async with aclosing(sse(door)) as frames:
            await anext(frames)
            await until(lambda: len(streams._live) == 1)
    await until(lambda: not streams._live)


async def test_streams_are_told_that_recado_goes_down(settings, engine: FakeEngine, http: aiohttp.ClientSession):
    async with running(settings, engine=engine) as runtime:
        door = Door(runtime, http, settings.admin_key)
        socket = await http.ws_connect(f"{runtime.address}/v1/events", headers=door.headers)
        await until(lambda: len(runtime.services.streams._live) == 1)
        frames = sse(door)
        await anext(frames)
        await until(lambda: len(runtime.services.streams._live) == 2)
        words = asyncio.ensure_future(Socket(socket).next()), asyncio.ensure_future(anext(frames))
    said, frame = await asyncio.gather(*words)
    await frames.aclose()
    await socket.close()
    assert said["code"] == json.loads(frame["data"])["code"] == "going_down"
