"""What is measured: receiving, sending, the way of a single message, many sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

from .processes import started_at
from .readings import Reading, percentile, reading
from .stage import Scene, Stage
from .subjects import Subject, Text
from .worlds import World, contact_phone

PACE: Final = 50  # messages a second
SETTLES: Final = 5.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds from the network to the message's confirmation and, where there is one, to its webhook."""

    confirmed: tuple[float, float]
    delivered: tuple[float, float] | None
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Many sessions: seconds from the host's start to the last one connected, MB of each part."""

    back: float
    memory: dict[str, float]


async def receive(stage: Stage, subject: Subject, world: World, queued: Path, count: int) -> Reading:
    """All that waits at the network comes in.

    A message is done when it is confirmed; with a webhook when the receiver has it, counted from the first confirmed.
    """
    async with stage.scene(subject, world, queued) as scene:
        await scene.net.until("confirmed", count)
        confirmed = sorted(row["confirmed_at"] for row in await scene.net.rows("in"))
        if not subject.has_webhook:
            return reading(confirmed, scene.meter)
        await scene.receiver.until(count)
        delivered = sorted(at for at, _ in await scene.receiver.deliveries())
        scene.meter.read()
        return reading([confirmed[0], *delivered[1:]], scene.meter)


async def send(stage: Stage, subject: Subject, world: World, count: int, *, chats: int, at_once: int) -> Reading:
    """Texts to contacts that every session has written to before; one is done when the network has it."""
    async with stage.scene(subject, world) as scene:
        lids = await _lids(scene, chats)
        await scene.all_connected(len(world.sessions))
        pairs = [(session, lid) for lid in lids for session in world.sessions]
        texts = [
            Text(session=session.id, name=session.name, to=lid, text=f"Mensagem de número {n}")
            for n, (session, lid) in enumerate(islice(cycle(pairs), len(pairs) + count))
        ]
        await scene.running.send(texts[: len(pairs)], at_once)
        await scene.net.until("acked", len(pairs))
        await scene.running.send(texts[len(pairs) :], at_once)
        await scene.net.until("acked", len(texts))
        times = sorted(row["queued_at"] for row in await scene.net.rows("out"))
        return reading(times[len(pairs) :], scene.meter)


async def steady(stage: Stage, subject: Subject, world: World, seconds: int, *, chats: int) -> Latency:
    """A steady trickle over all sessions, after one message in each chat that does not count."""
    async with stage.scene(subject, world) as scene:
        await scene.all_connected(len(world.sessions))
        first = len(world.sessions) * chats
        total = first + seconds * PACE
        await _trickle(scene, world, total, chats)
        await scene.net.until("confirmed", total)
        rows = sorted(await scene.net.rows("in"), key=lambda row: row["queued_at"])[first:]
        delivered = None
        if subject.has_webhook:
            await scene.receiver.until(total)
            came = {wa_id: at for at, wa_id in reversed(await scene.receiver.deliveries())}
            delivered = _both([came[row["id"]] - row["queued_at"] for row in rows])
        return Latency(
            confirmed=_both([row["confirmed_at"] - row["queued_at"] for row in rows]),
            delivered=delivered,
            reading=reading(sorted(row["confirmed_at"] for row in rows), scene.meter),
        )


async def crowd(stage: Stage, subject: Subject, world: World) -> Crowd:
    """Everything is started again, PostgreSQL included; memory is read when all has settled."""
    await stage.postgres.stop()
    await stage.postgres.start()
    async with stage.scene(subject, world) as scene:
        last = await scene.all_connected(len(world.sessions))
        await asyncio.sleep(SETTLES)
        return Crowd(back=last - started_at(scene.running.pids["host"]), memory=scene.memory())


async def _trickle(scene: Scene, world: World, total: int, chats: int) -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with asyncio.TaskGroup() as tasks:
        for n in range(total):
            await asyncio.sleep(max(0.0, begun + n / PACE - loop.time()))
            session = world.sessions[n % len(world.sessions)]
            contact = contact_phone(n // len(world.sessions) % chats)
            tasks.create_task(scene.net.post(f"/contacts/{contact}/send", to=session.phone, text=f"Oi {n}"))


async def _lids(scene: Scene, chats: int) -> list[str]:
    contacts: list[dict[str, Any]] = (await scene.net.get("/contacts"))["contacts"]
    lids = {contact["phone"]: contact["lid"] for contact in contacts}
    return [lids[contact_phone(n)] for n in range(chats)]


def _both(seconds: Sequence[float]) -> tuple[float, float]:
    """p50 and p99 in milliseconds."""
    return percentile(seconds, 50) * 1000, percentile(seconds, 99) * 1000
