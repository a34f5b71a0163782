"""Dispatch as a process of its own, to be killed: `python -m tests.services.dispatch_process DATABASE_URL`."""

from __future__ import annotations

import asyncio
import sys

from recado.clock import SystemClock
from recado.services.bell import Bell
from recado.services.dispatch import Dispatch
from recado.services.tail import Tail
from recado.sinks.guard import Guard
from recado.sinks.names import system_lookup
from recado.sinks.webhook import WebhookClient
from recado.store.database import Database


async def main(url: str) -> None:
    clock = SystemClock()
    guard = Guard(["127.0.0.1"], system_lookup)
    async with Database.open(url) as database, WebhookClient.open(guard, system_lookup, clock) as client:
        tail = Tail(database, Bell(), clock)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(tail.run())
            tasks.create_task(Dispatch(database, tail, client.sink, clock, Bell()).run())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
