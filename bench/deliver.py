"""What a delivery costs: to one webhook, to many of which one is dead, out of a long backlog."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final
from uuid import UUID

from recado.clock import SystemClock
from recado.domain.events import MESSAGE_RECEIVED, NewEvent
from recado.store import log, migrate, webhooks
from recado.store.database import Database

from .meter import Gauge, Meter
from .processes import cpu_of, cpu_of_tree, memory_of
from .program import running
from .stage import Stage, meter_runs

CHATS: Final = 200
BATCH: Final = 500
SECRET: Final = "whsec_c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M="
_MARIA: Final = {"phone_number": "5511988887777", "lid": "100200300400@lid", "name": "Maria"}
# As large as the event of a usual message.
DATA: Final[dict[str, Any]] = {
    "id": "01936000-0000-7000-8000-000000000004",
    "wa_id": "3EB0A1B2C3D4E5F60718",
    "chat": {"id": "01936000-0000-7000-8000-000000000002", "kind": "person", "jid": None, **_MARIA},
    "sender": {"id": "01936000-0000-7000-8000-000000000003", **_MARIA},
    "from_me": False,
    "kind": "conversation",
    "text": "Vocês abrem amanhã? " * 3,
    "quoted_wa_id": None,
    "sent_at": "2026-11-24T15:09:26.000Z",
    "status": "received",
    "status_at": "2026-11-24T15:09:26.535Z",
    "error": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """So many events for so many webhooks that live, beside one that never answers or none."""

    name: str
    events: int
    living: int = 1
    has_dead: bool = False

    @property
    def deliveries(self) -> int:
        return self.events * self.living


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The middle one of the runs: deliveries a second, µs of CPU a delivery by part, MB of Python at the end."""

    deliveries: int
    rate: float
    fastest: float
    cpu: dict[str, float]
    least_python: float
    memory: float


def loads(events: int, backlog: int) -> Sequence[Load]:
    few = max(events // 25, 1)
    return [
        Load(name="1 webhook", events=events),
        Load(name="49 webhooks", events=few, living=49),
        Load(name="49 webhooks and a dead one", events=few, living=49, has_dead=True),
        Load(name=f"a backlog of {backlog:,}", events=backlog),
    ]


async def deliver(stage: Stage, events: int, backlog: int, *, repeats: int) -> dict[str, Delivery]:
    """Every load in turn, as often as asked; all of its events stand in the log before it begins."""
    wanted, runs = loads(events, backlog), dict[str, list[Delivery]]()
    for number, load in enumerate(wanted):
        await _fill(stage, f"deliver_{number}", load.events)
    for turn in range(repeats):
        for number, load in enumerate(wanted):
            one = await _run(stage, f"deliver_{number}", load)
            runs.setdefault(load.name, []).append(one)
            stage.tell(f"{load.name}, {turn + 1}: {one.rate:,.0f}/s, Python {one.cpu['python']:.0f} µs")
    return {name: _middle(several) for name, several in runs.items()}


def _middle(runs: Sequence[Delivery]) -> Delivery:
    parts = runs[0].cpu
    return Delivery(
        deliveries=runs[0].deliveries,
        rate=median(run.rate for run in runs),
        fastest=max(run.rate for run in runs),
        cpu={part: median(run.cpu[part] for run in runs) for part in parts},
        least_python=min(run.cpu["python"] for run in runs),
        memory=median(run.memory for run in runs),
    )


async def _fill(stage: Stage, name: str, events: int) -> None:
    await stage.postgres.make(name)
    async with Database.open(stage.postgres.url(name)) as database:
        await migrate.upgrade(database)
        for first in range(0, events, BATCH):
            async with database.transaction() as tx:
                await log.append(tx, [_event(n) for n in range(first, min(first + BATCH, events))])


def _event(number: int) -> NewEvent:
    clock, chat = SystemClock(), UUID(int=1000 + number % CHATS)
    place = {"instance_id": UUID(int=1), "instance_name": "loja", "chat_id": chat}
    return NewEvent(id=clock.new_id(), type=MESSAGE_RECEIVED, time=clock.now(), data=DATA, **place)


async def _run(stage: Stage, name: str, load: Load) -> Delivery:
    await stage.receiver.reset()
    with _a_dead_one() as dead:
        return await _measure(stage, name, load, dead)


async def _measure(stage: Stage, name: str, load: Load, dead: str) -> Delivery:
    async with stage.postgres.copy(name) as url:
        urls = [f"{stage.receiver.url}/{number}" for number in range(load.living)]
        await _hook(url, urls + ([dead] if load.has_dead else []))
        command = (sys.executable, "-m", "bench.deliverer", url)
        log_file = stage.directory / "deliverer.log"
        where = {"PYTHONPATH": str(Path(__file__).parents[1])}
        async with running("the deliverer", command, log_file, environment=where, talks=False) as program:
            gauges: dict[str, Gauge] = {
                "python": partial(cpu_of, program.pid),
                "postgres": partial(cpu_of_tree, stage.postgres.pid),
                "receiver": partial(cpu_of, stage.receiver.program.pid),
            }
            meter = Meter(gauges)
            with meter_runs(meter):
                await stage.receiver.until(load.deliveries)
            first, last = await stage.receiver.span()
            used = meter.between(max(first, meter.begun_at), last)
            return Delivery(
                deliveries=load.deliveries,
                rate=(load.deliveries - 1) / (last - first),
                fastest=0.0,
                cpu={part: seconds / load.deliveries * 1e6 for part, seconds in used.items()},
                least_python=0.0,
                memory=memory_of(program.pid),
            )


async def _hook(url: str, urls: Sequence[str]) -> None:
    clock = SystemClock()
    async with Database.open(url) as database, database.transaction() as tx:
        for one in urls:
            await webhooks.insert(
                tx,
                id=clock.new_id(),
                instance_id=None,
                source="api",
                url=one,
                secret=SECRET,
                events=[MESSAGE_RECEIVED],
                headers={},
                position=0,
                now=clock.now(),
            )


@contextmanager
def _a_dead_one() -> Iterator[str]:
    """A port that takes connections and never says a word."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
