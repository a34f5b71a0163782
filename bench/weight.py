"""What a million stored messages weigh: the same calls beside a database that is nearly empty."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final, cast
from uuid import UUID

from recado.clock import SystemClock
from recado.domain.engine import Engine
from recado.domain.instances import Instance
from recado.services.bell import Bell
from recado.services.reading.chats import Chats
from recado.services.reading.messages import Messages
from recado.services.roster import Roster
from recado.services.sending.outgoing import Outgoing
from recado.store import instances
from recado.store.database import Database

from . import million
from .postgres import Postgres
from .readings import percentile
from .search import writing

FEW: Final = 1_000
RECEIVING: Final = "take in a message, of 200 together"
_CHAT: Final = UUID("00000002-0000-7000-8000-000000000007")

Call = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """Milliseconds (p50) of each call with so many messages stored, and with a thousand."""

    messages: int
    calls: dict[str, tuple[float, float]]


async def weigh(postgres: Postgres, count: int, *, repeats: int, writes: int) -> Weight:
    """In databases of its own; the two take turns."""
    names = {"heavy": count, "light": FEW}
    async with AsyncExitStack() as stack:
        databases: list[Database] = []
        for name, size in names.items():
            url = await million.prepare(postgres, name, size)
            databases.append(await stack.enter_async_context(Database.open(url)))
        heavy, light = [await _calls(stack, database) for database in databases]
        found = {name: await _in_turn(heavy[name], light[name], repeats) for name in heavy}
        received = [microseconds / 1000 for microseconds in await writing(databases, writes)]
    for name in names:
        await postgres.drop(name)
    return Weight(messages=count, calls={**found, RECEIVING: (received[0], received[1])})


async def _calls(stack: AsyncExitStack, database: Database) -> dict[str, Call]:
    async with database.transaction() as tx:
        instance = cast(Instance, await instances.get(tx, million.BIG))
    outgoing = Outgoing(database, cast(Engine, None), Roster(), SystemClock(), Bell())
    life = asyncio.ensure_future(outgoing.run())
    stack.push_async_callback(_end, life)
    chats, messages = Chats(database), Messages(database)
    return {
        "list chats": lambda: chats.list(instance),
        "list the newest messages of a chat": lambda: messages.list(instance, chat_id=_CHAT),
        "list the newest messages of all": lambda: messages.list(instance),
        "accept a message to be sent": lambda: outgoing.accept(instance, to="5511900000007", text="Bom dia"),
    }


async def _end(life: asyncio.Future[None]) -> None:
    life.cancel()
    await asyncio.wait([life])


async def _in_turn(heavy: Call, light: Call, repeats: int) -> tuple[float, float]:
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats + 1):
        for call, times in zip((heavy, light), spent, strict=True):
            begun = time.perf_counter()
            await call()
            times.append((time.perf_counter() - begun) * 1000)
    return percentile(spent[0][1:], 50), percentile(spent[1][1:], 50)
