"""Worlds: paired sessions in a database and a network's state, made once and copied for every run."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .network import Network, network
from .postgres import Postgres, ask
from .product import Api, product

_AT_ONCE: Final = 4
_FIRST_PHONE: Final = 5_511_900_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A paired instance; `id` is what the engine knows it by."""

    id: str
    name: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """`database` is a template; `idle` a network state with nothing to deliver."""

    database: str
    idle: Path
    sessions: Sequence[Session]


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Pairs ever more sessions and keeps a world at each size."""

    postgres: Postgres
    directory: Path
    hook: str
    tell: Callable[[str], None]

    async def build(self, sizes: Sequence[int]) -> dict[int, World]:
        """A world of each of these sizes, growing."""
        state = self.directory / "growing"
        await self.postgres.make("growing")
        worlds: dict[int, World] = {}
        for size in sizes:
            self.tell(f"pairing {size} sessions")
            sessions = await self._grow(state, size)
            kept = self.directory / f"idle-{size}"
            shutil.copytree(state, kept)
            await self.postgres.make(f"world_{size}", like="growing")
            worlds[size] = World(database=f"world_{size}", idle=kept, sessions=sessions)
        return worlds

    async def queue(self, world: World, count: int, chats: int) -> Path:
        """A state of the network in which so many messages wait, evenly over the sessions and over `chats` in all."""
        queued = self.directory / f"queued-{len(world.sessions)}"
        self.tell(f"encrypting {count} messages ahead")
        sessions = len(world.sessions)
        shutil.copytree(world.idle, queued)
        async with network(queued, self.directory / "simulator.log", keeps=True) as net:
            for n, session in enumerate(world.sessions):
                await net.post(
                    "/prepare",
                    to=session.phone,
                    count=count // sessions,
                    contacts=chats // sessions + (n < chats % sessions),
                )
        return queued

    async def contacts(self, world: World, chats: int) -> None:
        """Give the world's network this many contacts to write to."""
        async with network(world.idle, self.directory / "simulator.log", keeps=True) as net:
            for n in range(chats):
                await net.post("/contacts", phone=contact_phone(n), name=f"Contact {n}")

    async def _grow(self, state: Path, size: int) -> list[Session]:
        url = self.postgres.url("growing")
        async with self._up(state, url) as (net, api):
            if not (await api.call("GET", "/v1/webhooks"))["items"]:
                await api.call("POST", "/v1/webhooks", {"url": self.hook, "events": ["message.received"]})
            known = {row["instance_name"] for row in await instances(url)}
            names = iter([name for name in map(name_of, range(size)) if name not in known])
            async with asyncio.TaskGroup() as tasks:
                for _ in range(_AT_ONCE):
                    tasks.create_task(pair_all(api, net, names))
            return [
                Session(id=str(row["id"]), name=row["instance_name"], phone=phone_of(row["instance_name"]))
                for row in await instances(url)
            ]

    @asynccontextmanager
    async def _up(self, state: Path, url: str) -> AsyncIterator[tuple[Network, Api]]:
        log = self.directory / "simulator.log"
        async with network(state, log, keeps=True) as net, product(self.directory, net, url) as running:
            yield net, running.api


async def pair_all(api: Api, net: Network, names: Any) -> None:
    """Create and pair instances as long as there are names."""
    for name in names:
        await net.post("/phones", phone=phone_of(name), name=name)
        await api.call("POST", "/v1/instances", {"instance_name": name})
        await api.until_state(name, "awaiting_scan")
        await net.post(f"/phones/{phone_of(name)}/scan", qr=(await api.call("GET", f"/v1/instances/{name}/qr"))["qr"])
        await api.until_state(name, "connected")


async def instances(url: str) -> list[dict[str, Any]]:
    rows = await ask(url, "SELECT id, instance_name FROM public.whatsapp_instances ORDER BY instance_name")
    return [{"id": id, "instance_name": name} for id, name in rows]


def name_of(n: int) -> str:
    return f"bench-{n:03}"


def phone_of(name: str) -> str:
    return str(_FIRST_PHONE + int(name.rpartition("-")[2]))


def contact_phone(n: int) -> str:
    """As the network numbers the contacts of prepared messages."""
    return str(5_599_980_000_000 + n)
