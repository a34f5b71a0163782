"""Dispatch as a process of its own, to be stopped and killed.

`python -m tests.services.dispatch_process DATABASE_URL [--name NAME] [--lease SECONDS] [--mutant MODULE]`; the name
goes along with each delivery, as the header `x-process`.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from importlib import import_module

from recado.clock import SystemClock
from recado.domain.sink import Sink
from recado.domain.webhooks import Target
from recado.services.bell import Bell
from recado.services.delivery.dispatch import Dispatch
from recado.services.delivery.tail import Tail
from recado.sinks.guard import Guard
from recado.sinks.names import system_lookup
from recado.sinks.webhook import WebhookClient
from recado.store.database import Database


async def main(url: str, name: str, lease: timedelta) -> None:
    clock = SystemClock()
    guard = Guard(["127.0.0.1"], system_lookup)
    async with Database.open(url) as database, WebhookClient.open(guard, system_lookup, clock) as client:
        tail = Tail(database, Bell(), clock)
        dispatch = Dispatch(database, tail, _signed_by(name, client.sink), clock, Bell(), lease=lease)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(tail.run())
            tasks.create_task(dispatch.run())


def _signed_by(name: str, open_sink: Callable[[Target], Sink]) -> Callable[[Target], Sink]:
    return lambda target: open_sink(replace(target, headers={"x-process": name}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--name", default="a process")
    parser.add_argument("--lease", type=float, default=30.0)
    parser.add_argument("--mutant")
    given = parser.parse_args()
    if given.mutant:
        import_module(given.mutant).break_promise()
    asyncio.run(main(given.url, given.name, timedelta(seconds=given.lease)))
