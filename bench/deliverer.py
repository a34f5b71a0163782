"""A program: Recado's delivery alone (tail and dispatch), on the database of its one argument, until SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys

from recado.cli.loop import factory
from recado.clock import SystemClock
from recado.services.bell import Bell
from recado.services.delivery.dispatch import Dispatch
from recado.services.delivery.tail import Tail
from recado.sinks.guard import Guard
from recado.sinks.names import system_lookup
from recado.sinks.webhook import WebhookClient
from recado.store.database import Database


async def main(url: str) -> None:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    clock, guard = SystemClock(), Guard(["127.0.0.1"], system_lookup)
    async with Database.open(url) as database, WebhookClient.open(guard, system_lookup, clock) as client:
        tail = Tail(database, Bell(), clock)
        dispatch = Dispatch(database, tail, client.sink, clock, Bell())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(tail.run())
            tasks.create_task(dispatch.run())


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=factory) as runner, contextlib.suppress(asyncio.CancelledError):
        runner.run(main(sys.argv[1]))
