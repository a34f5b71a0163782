"""The stage: what outlives the runs (PostgreSQL, the receiver), and the setting up of one run on it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .meter import Gauge, Meter
from .network import Network, network
from .postgres import Postgres
from .processes import cpu_of, cpu_of_machine, cpu_of_tree, memory_of, memory_of_tree
from .program import Program, running
from .readings import MACHINE
from .subjects import Running, Subject
from .waiting import until
from .worlds import World


class Receiver:
    """The fast receiver of webhooks, in a process of its own."""

    def __init__(self, program: Program, url: str) -> None:
        self.program = program
        self.url = url

    async def reset(self) -> None:
        await self.program.ask("reset")

    async def until(self, wanted: int) -> None:
        """Wait until so many deliveries have come. Raises TimeoutError."""

        async def has_all() -> bool:
            return bool((await self.program.ask("count"))["count"] >= wanted)

        await until(has_all, every=0.1)

    async def span(self) -> tuple[float, float]:
        """When the first and the last delivery came, in seconds since 1970."""
        said = await self.program.ask("span")
        return said["first"], said["last"]

    async def deliveries(self) -> list[tuple[float, str]]:
        """When each came (seconds since 1970), and of which message."""
        return [(at, wa_id) for at, wa_id in (await self.program.ask("report"))["deliveries"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One run: a subject at work between a network and a database of its own."""

    net: Network
    running: Running
    receiver: Receiver
    meter: Meter
    postgres: int

    async def all_connected(self, count: int) -> float:
        """When the last session was connected, in seconds since 1970."""
        last = await until(lambda: self.running.connected(count))
        assert last is not None
        return last

    def memory(self) -> dict[str, float]:
        """MB of each part of what is measured."""
        own = {part: memory_of(pid) for part, pid in self.running.pids.items() if part != "consumer"}
        return {**own, "postgres": memory_of_tree(self.postgres)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    directory: Path
    postgres: Postgres
    receiver: Receiver
    tell: Callable[[str], None]

    @contextlib.asynccontextmanager
    async def scene(self, subject: Subject, world: World, state: Path | None = None) -> AsyncIterator[Scene]:
        """A run from a fresh copy of the world; the network begins with `state`, else with nothing to deliver."""
        await self.receiver.reset()
        log = self.directory / "simulator.log"
        async with (
            self.postgres.copy(world.database) as url,
            network(state or world.idle, log) as net,
            subject.up(self.directory, net, url, world) as up,
        ):
            pids = {"simulator": net.pid, **up.pids, "receiver": self.receiver.program.pid, "bench": os.getpid()}
            gauges: dict[str, Gauge] = {part: partial(cpu_of, pid) for part, pid in pids.items()}
            gauges |= {"postgres": partial(cpu_of_tree, self.postgres.pid), MACHINE: cpu_of_machine}
            meter = Meter(gauges)
            with meter_runs(meter):
                yield Scene(net=net, running=up, receiver=self.receiver, meter=meter, postgres=self.postgres.pid)


@contextlib.contextmanager
def meter_runs(meter: Meter) -> Iterator[None]:
    reading = asyncio.ensure_future(meter.run())
    try:
        yield
    finally:
        reading.cancel()


@contextlib.asynccontextmanager
async def stage(directory: Path, tell: Callable[[str], None]) -> AsyncIterator[Stage]:
    """PostgreSQL and the receiver until the end of the block."""
    postgres = Postgres(directory / "postgres")
    script = str(Path(__file__).with_name("receiver.py"))
    async with running("the receiver", (sys.executable, script), directory / "receiver.log") as program:
        receiver = Receiver(program, (await program.hear())["url"])
        await postgres.start()
        try:
            yield Stage(directory=directory, postgres=postgres, receiver=receiver, tell=tell)
        finally:
            await postgres.stop()
