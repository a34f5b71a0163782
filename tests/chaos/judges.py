"""The bench of judges: what must hold at every moment, and what must have become of everything at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from tests.chaos.judge_delivered import Delivered
from tests.chaos.judge_received import Received
from tests.chaos.judge_sent import Sent
from tests.chaos.stage import Stage
from tests.chaos.traffic import Traffic

_INSTANCES = "SELECT instance_name, wanted, state, status FROM public.whatsapp_instances"
AT_REST = {"running": ("connected", "connected"), "stopped": ("stopped", "disconnected")}


class Judges:
    """`offences` is all that was ever wrong; it only grows."""

    def __init__(self, here: Stage, traffic: Traffic) -> None:
        self.here = here
        self.traffic = traffic
        self.received = Received(here, traffic)
        self.delivered = Delivered(here)
        self.sent = Sent(here, traffic)
        self.offences: list[str] = []

    async def look(self) -> None:
        """Look at what must hold at every moment. Raises psycopg.OperationalError while the database is away."""
        confirmed = self.received.confirmed()  # before the snapshot is taken
        async with self._snapshot() as connection:
            found = await self.received.look(connection, confirmed)
            found += await self.delivered.look(connection)
        found += self.sent.look() + self.traffic.offences
        found += [f"{double} was connected twice at once" for double in self.here.network.doubles]
        found += [offence for hook in self.here.hooks for offence in hook.offences]
        self.offences += [one for one in found if one not in self.offences]

    async def missing(self) -> list[str]:
        """A look, and then what is still to come. Raises psycopg.OperationalError."""
        await self.look()
        async with self._snapshot() as connection:
            return [
                *await self.received.missing(connection),
                *await self.sent.missing(connection),
                *self.delivered.missing(),
                *await self._instances(connection),
            ]

    async def _instances(self, connection: psycopg.AsyncConnection[Any]) -> list[str]:
        """Who is not where they are wanted, by the table or by the network."""
        rows = {name: rest async for name, *rest in await connection.execute(_INSTANCES)}
        found = []
        for line in self.here.lines:
            wanted, *shown = rows[line.name]
            is_online = line.phone.account.is_online
            if wanted != line.wanted or tuple(shown) != AT_REST[wanted] or is_online != (wanted == "running"):
                found.append(f"{line.name} is wanted {line.wanted}, and is {shown}, on the network: {is_online}")
        return found

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """The database as it is at one moment."""
        async with await psycopg.AsyncConnection.connect(self.here.url) as connection:
            await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
            yield connection
