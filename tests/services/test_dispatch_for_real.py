"""Dispatch with real sockets: dead receivers beside a live one, and a process that is killed in the middle."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from recado.clock import SystemClock
from recado.sinks.guard import Guard
from recado.sinks.names import system_lookup
from recado.sinks.webhook import WebhookClient
from tests.services.delivery import Desk
from tests.sinks.receiver import ok, raw_server, receiving
from tests.waiting import until

PATIENCE = timedelta(hours=1)


@pytest.fixture
async def desk(db, clock, bell) -> Desk:
    return Desk(db, clock, bell)


@contextlib.asynccontextmanager
async def a_port_that_never_accepts() -> AsyncIterator[str]:
    """A listening socket whose queue is full, so that a connection to it hangs."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        yield f"http://127.0.0.1:{port}/"


async def test_20_dead_receivers_of_every_kind_delay_a_live_one_by_nothing(desk: Desk):
    """Every patience is an hour: had the live one to wait for a dead one, this test would never end."""
    seen: set[str] = set()

    async def lookup(host: str) -> list[str]:
        if host.startswith("hangs"):
            seen.add(host)
            await asyncio.Event().wait()
        if host.startswith("nowhere"):
            raise OSError("unknown")
        return ["127.0.0.1"]

    async def accepts_and_says_nothing(reader, writer):
        await reader.read()

    guard, clock = Guard(["127.0.0.1"], lookup), SystemClock()
    async with (
        receiving() as live,
        raw_server(accepts_and_says_nothing) as silent,
        a_port_that_never_accepts() as full,
        WebhookClient.open(guard, lookup, clock, connect_within=PATIENCE, answer_within=PATIENCE) as client,
    ):
        desk.open_sink = client.sink
        for number in range(5):
            await desk.webhook(f"http://hangs-{number}.example/")
            await desk.webhook(f"http://nowhere-{number}.example/")
            await desk.webhook(f"{silent}/{number}")
            await desk.webhook(full)
        webhook = await desk.webhook(live.url, events=["message.*"])
        async with desk.dispatching():
            positions = [position for _ in range(10) for position in await desk.append(*range(1, 51))]
            await desk.until_at(webhook, positions[-1])
            await until(lambda: len(seen) == 5)
        assert len({received.id for received in live.got}) == 500


async def test_what_a_killed_process_had_in_hand_comes_again_with_the_same_ids(desk: Desk, database_url: str):
    """The receiver answers 200 times and then no more: what comes after that is in hand when the process is killed."""
    async with receiving() as receiver:

        async def answer(received):
            return await (ok(received) if len(receiver.got) <= 200 else receiver.silence(received))

        receiver.answer = answer
        guard, clock = Guard(["127.0.0.1"], system_lookup), SystemClock()
        webhook = await desk.webhook(receiver.url)
        positions = [position for _ in range(40) for position in await desk.append(*range(1, 26))]
        await _deliver_and_kill(receiver, database_url, after=225)
        before, receiver.answer = len(receiver.got), ok
        await _let_leases_run_out(desk)
        async with WebhookClient.open(guard, system_lookup, clock) as client:
            desk.open_sink = client.sink
            async with desk.dispatching():
                await desk.until_at(webhook, positions[-1])
    in_hand = {received.id: received.body for received in receiver.got[200:before]}
    again = {received.id: received.body for received in receiver.got[before:]}
    assert len(in_hand) == 25
    assert {id: again.get(id) for id in in_hand} == in_hand
    assert len({received.id for received in receiver.got}) == 1000


async def _deliver_and_kill(receiver, database_url: str, *, after: int) -> None:
    """Let another process deliver, and kill it once that many requests have come."""
    module = "tests.services.dispatch_process"
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, database_url)
    try:
        await receiver.count(after)
    finally:
        process.kill()
        await process.wait()


async def _let_leases_run_out(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await tx.execute("UPDATE recado.leases SET until = '-infinity'")
