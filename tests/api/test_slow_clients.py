"""A client that does not read: it is dropped and told why, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import aclosing
from datetime import UTC, datetime
from uuid import uuid4

import aiohttp
import pytest

from recado.domain.events import MESSAGE_RECEIVED, NewEvent
from recado.runtime import Runtime
from recado.store import log
from tests.api.door import Door
from tests.api.test_events import Socket, head, sse
from tests.waiting import until

# More than a stream's buffer and the kernel's two together can hold.
EVENTS, SIZE = 300, 100_000


class Reader:
    """Reads what comes, and counts it."""

    def __init__(self) -> None:
        self.got = 0

    async def take(self, frames, count: int) -> None:
        while self.got < count:
            self.got += "text" in json.loads((await anext(frames))["data"])["data"]


async def flood(runtime: Runtime, count: int, reader: Reader | None = None) -> None:
    """So many events; a reader, if there is one, never has more than a half of what a buffer holds to read."""
    for sent in range(0, count, 10):
        async with runtime.database.transaction() as tx:
            await log.append(tx, [large_event() for _ in range(10)])
        if reader is not None:
            await until(lambda least=sent - 20: reader.got >= least)


def large_event() -> NewEvent:
    now = datetime.now(UTC)
    data = {"text": "a" * SIZE}
    return NewEvent(id=uuid4(), type=MESSAGE_RECEIVED, time=now, instance_id=None, instance_name=None, data=data)


async def dropped(runtime: Runtime) -> bool:
    return any(stream.ended is not None for stream in runtime.services.streams._live)


def small_socket(port: int) -> socket.socket:
    """Connected, with hardly any room for what is not read."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect(("127.0.0.1", port))
    made.setblocking(False)
    return made


@pytest.fixture
async def start(door: Door) -> int:
    await door.instance()
    return await head(door)


async def test_one_that_reads_no_server_sent_events_ends_with_a_problem_and_another_gets_all(
    door: Door, runtime: Runtime, start: int
):
    loop, slow = asyncio.get_running_loop(), small_socket(runtime.port)
    with slow:
        request = f"GET /v1/events?after={start} HTTP/1.1\r\nHost: x\r\nX-API-Key: {door.key}\r\n\r\n"
        await loop.sock_sendall(slow, request.encode())
        async with aclosing(sse(door, f"?after={start}")) as frames:
            await anext(frames)
            await until(lambda: runtime.services.streams._tail.audience == 2)
            reader = Reader()
            reading = asyncio.ensure_future(reader.take(frames, EVENTS))
            await flood(runtime, EVENTS, reader)
            await reading
        await until(lambda: dropped(runtime))
        said = b""
        while b"stream_too_slow" not in said and (more := await loop.sock_recv(slow, 1 << 20)):
            said = said[-1000:] + more
    assert b"event: problem\ndata: {" in said
    await until(lambda: not runtime.services.streams._live)


async def test_one_that_reads_nothing_from_its_websocket_is_closed_with_the_reason(
    door: Door, runtime: Runtime, http: aiohttp.ClientSession, start: int
):
    connector = aiohttp.TCPConnector(socket_factory=_tight)
    url = f"{runtime.address}/v1/events?after={start}"
    async with aiohttp.ClientSession(connector=connector) as own, own.ws_connect(url, headers=door.headers) as ws:
        slow = ws._response.connection.transport
        slow.pause_reading()
        await until(lambda: runtime.services.streams._tail.audience == 1)
        await flood(runtime, EVENTS)
        await until(lambda: dropped(runtime))
        slow.resume_reading()
        client, last = Socket(ws), None
        while last is None or last.get("code") != "stream_too_slow":
            last = await client.next()
        assert await client.closed() == 4400
    await until(lambda: not runtime.services.streams._live)


def _tight(info) -> socket.socket:
    made = socket.socket(info[0], info[1], info[2])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return made
