"""The killers: each kind of blow at a process, with its gate. What they wait for is waited for, never slept for."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID

import psycopg

from tests.chaos.plan import Blow
from tests.chaos.stage import GUARD, Line, Stage
from tests.chaos.traffic import Traffic
from tests.stories.product import Product
from tests.waiting import until


async def strike(here: Stage, traffic: Traffic, blow: Blow) -> None:
    """One blow, to where nothing of it is left but its consequences."""
    await KINDS[blow.kind](here, traffic, blow)


async def _host_killed(here: Stage, _: Traffic, blow: Blow) -> None:
    os.kill(await _host_of(await _victim(here, blow)), signal.SIGKILL)


async def _host_stopped(here: Stage, _: Traffic, blow: Blow) -> None:
    """Gate: its Recado has killed it, for nobody else will."""
    host = await _host_of(await _victim(here, blow))
    os.kill(host, signal.SIGSTOP)
    await until(lambda: _is_gone(host), guard=GUARD)


async def _worker_killed(here: Stage, _: Traffic, blow: Blow) -> None:
    worker = await _victim(here, blow)
    await worker.kill()
    await worker.start(guard=GUARD)


async def _worker_replaced(here: Stage, _: Traffic, blow: Blow) -> None:
    """Gate: the other one has all that it had."""
    worker = await here.busier()
    held = await here.held_by("instance", worker)
    await worker.kill()
    await _until_others_have(here, worker, held)
    await worker.start(guard=GUARD)


async def _worker_stopped(here: Stage, _: Traffic, blow: Blow) -> None:
    """Gate: the other one has all that it had, and has connected it, while the stopped one's host runs on."""
    worker = await here.busier()
    held = await here.held_by("instance", worker)
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        await _until_others_have(here, worker, held)
        await _until_connected(here, held)
    finally:
        os.kill(worker.pid, signal.SIGCONT)


async def _postgres_killed(here: Stage, _: Traffic, blow: Blow) -> None:
    """Gate: it answers again."""
    assert here.postgres is not None
    killed = here.postgres.pid
    os.kill(killed, signal.SIGKILL)
    await until(lambda: here.postgres.pid != killed, guard=GUARD)
    await here.until_row("SELECT 1")


async def _delivery_unanswered(here: Stage, traffic: Traffic, blow: Blow) -> None:
    """Gate: one delivery is not answered, and what the product writes of a later one is in the database."""
    webhook, hook = list(here.webhooks.items())[-1]
    first, second, *_ = here.lines
    async with hook.holding_one() as held:
        await traffic.write(first, first.contacts[0], "this is not answered")
        position = await held.come()
        await _until_later_one_is_settled(here, traffic, webhook, position, second)
        worker = await here.holder("webhook", webhook)
        await worker.kill()
    await worker.start(guard=GUARD)


async def _until_later_one_is_settled(here: Stage, traffic: Traffic, webhook: UUID, position: int, line: Line) -> None:
    """People go on writing, for whatever else is broken just now may delay one."""
    query = "SELECT 1 FROM recado.delivery_attempts WHERE webhook_id = %s AND position > %s AND error IS NULL"

    async def is_settled() -> bool:
        await traffic.write(line, line.contacts[0], "this one is")
        with suppress(psycopg.OperationalError, TimeoutError):
            async with asyncio.timeout(1):
                await here.until_row(query, webhook, position)
                return True
        return False

    await until(is_settled, guard=GUARD)


async def _send_unanswered(here: Stage, traffic: Traffic, blow: Blow) -> None:
    """Gate: the message is with its reader, and its sender cannot know. Nothing of that instance is in its way."""
    line = next(line for line in here.lines if line.wanted == "running")
    contact, faults = line.contacts[-1], here.network.faults
    traffic.resting.add(line.name)
    await here.until_row("SELECT 1 WHERE NOT EXISTS (SELECT FROM recado.send_queue WHERE instance_id = %s)", line.id)
    faults.withhold_acks(line.phone)
    sent = await traffic.send(line, contact, f"{line.name} to {contact.phone}, unanswered ({len(traffic.accepted)})")
    await contact.wait_text(sent.text, timeout=GUARD)
    worker = await here.holder("instance", line.id)
    os.kill(await _host_of(worker), signal.SIGKILL)
    faults.withhold_acks(line.phone, on=False)
    traffic.resting.discard(line.name)


KINDS: dict[str, Callable[[Stage, Traffic, Blow], Awaitable[None]]] = {
    "host killed": _host_killed,
    "host stopped": _host_stopped,
    "worker killed": _worker_killed,
    "worker replaced": _worker_replaced,
    "worker stopped beyond its lease": _worker_stopped,
    "postgres killed": _postgres_killed,
    "killed with a delivery unanswered": _delivery_unanswered,
    "killed with a send unanswered": _send_unanswered,
}


async def _victim(here: Stage, blow: Blow) -> Product:
    """Mostly the one with more to lose."""
    busier = await here.busier()
    return busier if blow.draw < 0.75 else here.other(busier)


async def _host_of(worker: Product) -> int:
    """Its engine host, as soon as it has one."""

    def find() -> int | None:
        with suppress(LookupError):
            return worker.host_pid
        return None

    return await until(find, guard=GUARD)


async def _until_others_have(here: Stage, worker: Product, held: list[UUID]) -> None:
    other = here.other(worker)

    async def has_all() -> bool:
        with suppress(psycopg.OperationalError):
            return set(held) <= set(await here.held_by("instance", other))
        return False

    await until(has_all, guard=GUARD)


async def _until_connected(here: Stage, ids: list[UUID]) -> None:
    """Each of them that is wanted has been connected once; something else may be broken there by then."""
    query = "SELECT 1 FROM public.whatsapp_instances WHERE id = %s AND (state = 'connected' OR wanted <> 'running')"
    async with asyncio.TaskGroup() as tasks:
        for id in ids:
            tasks.create_task(here.until_row(query, id))


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
