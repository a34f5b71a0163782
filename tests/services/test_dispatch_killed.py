"""A process that delivers is killed, or stopped beyond its lease: what was unanswered comes again, from one only."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from recado.clock import SystemClock
from recado.sinks.guard import Guard
from recado.sinks.names import system_lookup
from recado.sinks.webhook import WebhookClient
from tests.services.delivery import Desk
from tests.sinks.receiver import Receiver, ok, receiving
from tests.waiting import until

EARLY_CURSOR = "tests.mutants.early_cursor"


@pytest.fixture
async def desk(db, clock, bell) -> Desk:
    return Desk(db, clock, bell)


@contextlib.asynccontextmanager
async def process(database_url: str, *arguments: str) -> AsyncIterator[Process]:
    command = (sys.executable, "-u", "-m", "tests.services.dispatch_process", database_url, *arguments)
    child = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


@contextlib.asynccontextmanager
async def delivering(desk: Desk) -> AsyncIterator[None]:
    """The one who comes after, in this process."""
    guard, clock = Guard(["127.0.0.1"], system_lookup), SystemClock()
    async with WebhookClient.open(guard, system_lookup, clock) as client:
        desk.open_sink = client.sink
        async with desk.dispatching():
            yield


class FirstUnanswered:
    """Holds back the answer to the first delivery until it is told to give it."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.first: str | None = None

    async def __call__(self, received) -> web.StreamResponse:
        self.first = self.first or received.id
        if received.id == self.first and not self.may_answer.is_set():
            await self.may_answer.wait()
        return await ok(received)


async def kill_with_one_unanswered(desk: Desk, database_url: str, receiver: Receiver, *arguments: str) -> int:
    """How often the unanswered one came in all, once the next process has gone past it.

    Between the two chats stands the gate: the second one's attempt, and with it the cursor, is in the database.
    """
    answer = receiver.answer = FirstUnanswered()
    webhook = await desk.webhook(receiver.url)
    async with process(database_url, *arguments):
        await desk.append(1)
        await receiver.count(1)
        await desk.append(2)
        await until(lambda: desk.attempts(webhook))
    answer.may_answer.set()
    await let_leases_run_out(desk)
    async with delivering(desk):
        [last] = await desk.append(3)
        await desk.until_at(webhook, last)
    return sum(received.id == answer.first for received in receiver.got)


async def test_what_was_not_answered_comes_again(desk: Desk, database_url: str):
    async with receiving() as receiver:
        assert await kill_with_one_unanswered(desk, database_url, receiver) == 2


async def test_a_cursor_that_moves_before_the_answer_is_caught(desk: Desk, database_url: str):
    async with receiving() as receiver:
        assert await kill_with_one_unanswered(desk, database_url, receiver, "--mutant", EARLY_CURSOR) == 1


async def test_a_process_that_was_stopped_beyond_its_lease_delivers_nothing_more(desk: Desk, database_url: str):
    """It wakes to the answer it waited for, and to two more events of that chat in hand."""
    async with receiving() as receiver:
        answer = receiver.answer = FirstUnanswered()
        webhook = await desk.webhook(receiver.url)
        async with process(database_url, "--name", "stopped", "--lease", "1") as stopped:
            positions = await desk.append(1, 1, 1)
            await receiver.count(1)
            stopped.send_signal(signal.SIGSTOP)
            async with delivering(desk):
                await receiver.until(lambda got: any(each.headers.get("x-process") is None for each in got))
                answer.may_answer.set()
                await desk.until_at(webhook, positions[-1])
                stopped.send_signal(signal.SIGCONT)
                await said(stopped, b"_lost")
        of_the_stopped = [each.id for each in receiver.got if each.headers.get("x-process") == "stopped"]
    assert of_the_stopped == [answer.first]
    assert len({each.id for each in receiver.got}) == 3


async def said(child: Process, words: bytes) -> None:
    """Wait until the process logs them."""
    assert child.stdout is not None
    async with asyncio.timeout(30):
        while words not in (line := await child.stdout.readline()):
            assert line, "it has ended"


async def let_leases_run_out(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await tx.execute("UPDATE recado.leases SET until = '-infinity'")
