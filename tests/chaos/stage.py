"""The stage of a storm: the network, two Recados on one database, receivers, instances, people who write to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from recado.store import embedded
from recado_simulator.contact import Contact
from recado_simulator.network import Network
from recado_simulator.options import NetworkOptions
from recado_simulator.phone import Phone
from tests.chaos.hooks import Hook, hooks
from tests.chaos.plan import Plan
from tests.stories.product import Product, product
from tests.stories.test_loss import kept_alive
from tests.waiting import until

RECEIVERS = 3
TYPES = {2: ("message.received", "message.sent")}  # of the third receiver; the others get everything
WRITERS = 2  # people who write to an instance
SETTINGS = {
    "lease": "8",
    "health_interval": "2",
    "engine_patience": "3",
    "engine_keepalive_min": "1",
    "engine_keepalive_max": "2",
    "engine_keepalive_deadline": "1",
    "allow_private_webhooks": "127.0.0.1",
}
PAIRED_AT_ONCE = 4
GUARD = 240.0


@dataclass(slots=True, kw_only=True, eq=False)
class Line:
    """One instance, its phone, and who writes to it. `wanted` is what somebody wished for last.

    The last contact is quiet: only a blow writes to them, so that nothing else is in that chat's way.
    """

    name: str
    phone: Phone
    contacts: list[Contact]
    id: UUID
    wanted: str = "running"


@dataclass(slots=True, kw_only=True, eq=False)
class Stage:
    network: Network
    url: str
    postgres: embedded.Server | None
    workers: list[Product]
    hooks: list[Hook]
    lines: list[Line] = field(default_factory=list)
    webhooks: dict[UUID, Hook] = field(default_factory=dict)

    async def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows, as they are now. Raises psycopg.OperationalError while the database is away."""
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            return await (await connection.execute(query, values)).fetchall()

    async def until_row(self, query: str, *values: object) -> None:
        """Wait until the query finds something."""

        async def finds() -> bool:
            try:
                return bool(await self.ask(query, *values))
            except psycopg.OperationalError:
                return False

        await until(finds, guard=GUARD)

    async def held_by(self, kind: str, worker: Product) -> list[UUID]:
        """What this worker has leases of."""
        name = (worker.data / "worker").read_text().strip()
        query = "SELECT subject FROM recado.leases WHERE kind = %s AND holder = %s::uuid"
        return [subject for (subject,) in await self.ask(query, kind, name)]

    async def holder(self, kind: str, subject: UUID) -> Product:
        """Who has the lease, as soon as one of the workers has."""

        async def find() -> Product | None:
            for worker in self.workers:
                if subject in await self.held_by(kind, worker):
                    return worker
            return None

        return await until(find, guard=GUARD)

    async def busier(self) -> Product:
        """The worker with more instances."""
        counts = [len(await self.held_by("instance", worker)) for worker in self.workers]
        return self.workers[counts.index(max(counts))]

    def other(self, worker: Product) -> Product:
        """The other worker; the same one when there is only one."""
        return next((one for one in self.workers if one is not worker), worker)


@asynccontextmanager
async def stage(
    directory: Path,
    plan: Plan,
    *,
    workers: int = 2,
    database_url: str | None = None,
    program: tuple[str, ...] = ("-m", "recado"),
    **changes: str,
) -> AsyncIterator[Stage]:
    """All instances paired and connected, all receivers known; the database is one of its own unless it is given.

    `changes` are settings that differ from `SETTINGS`.
    """
    async with AsyncExitStack() as stack:
        network = await stack.enter_async_context(Network(NetworkOptions(seed=plan.seed, confirm="first")))
        receivers = await stack.enter_async_context(hooks(RECEIVERS))
        postgres = None
        if database_url is None:
            postgres = await stack.enter_async_context(embedded.serve(directory / "postgres"))
            await stack.enter_async_context(kept_alive(postgres))
            database_url = postgres.url
        settings = SETTINGS | {"database_url": database_url} | changes
        running = []
        for n in range(workers):
            (directory / f"worker-{n}").mkdir(parents=True)
            running.append(product(directory / f"worker-{n}", network, program=program, **settings))
        first = await stack.enter_async_context(running[0])  # it makes the tables
        others = await asyncio.gather(*map(stack.enter_async_context, running[1:]))
        here = Stage(network=network, url=database_url, postgres=postgres, workers=[first, *others], hooks=receivers)
        await _furnish(here, plan)
        yield here


async def _furnish(here: Stage, plan: Plan) -> None:
    for n, hook in enumerate(here.hooks):
        body = {"url": hook.url, "events": list(TYPES[n]) if n in TYPES else None}
        created = await here.workers[0].call("POST", "/v1/webhooks", body)
        here.webhooks[UUID(created["id"])] = hook
    few = asyncio.Semaphore(PAIRED_AT_ONCE)
    here.lines = await asyncio.gather(*(_line(here, n, few) for n in range(plan.instances)))


async def _line(here: Stage, n: int, few: asyncio.Semaphore) -> Line:
    network, name = here.network, f"loja-{n}"
    phone = network.add_phone(f"55119999{n:05}")
    async with few:
        row = await here.workers[n % len(here.workers)].pair(name, phone)
    contacts = [network.add_contact(f"55118888{n:04}{m}", name=f"Cliente {n}-{m}") for m in range(WRITERS + 1)]
    return Line(name=name, phone=phone, contacts=contacts, id=UUID(row["id"]))
