"""Sees to it that every active webhook has one courier somewhere, held by a lease."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from time import monotonic
from typing import Final
from uuid import UUID, uuid4

import structlog

from recado.clock import Clock
from recado.domain.delivery import MOST_PARKED
from recado.domain.errors import Unavailable
from recado.domain.events import WEBHOOK_GAP, NewEvent
from recado.domain.sink import Sink
from recado.domain.webhooks import Target, Webhook, webhook_event
from recado.services.bell import Bell
from recado.services.tenure import Tenure
from recado.store import deliveries, leases, webhooks
from recado.store import log as event_log
from recado.store.database import Database, Tx
from recado.telemetry import EVENTS

from .courier import Courier
from .settling import LostFence
from .tail import Tail

log = structlog.get_logger()

LOOKS_EVERY: Final = timedelta(seconds=2)
LEASE: Final = timedelta(seconds=30)
DRAINS_FOR: Final = timedelta(seconds=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Post:
    """A webhook that this process looks after."""

    webhook_id: UUID
    courier: Courier
    fence: int
    version: datetime


class Dispatch:
    """Deliveries to all webhooks. `changes` is rung when somebody has changed one; `open_sink` makes what posts.

    A `holder` that is the same in each life of a process has its webhooks back at once after a crash; another one waits
    until their leases have run out.
    """

    def __init__(
        self,
        database: Database,
        tail: Tail,
        open_sink: Callable[[Target], Sink],
        clock: Clock,
        changes: Bell,
        *,
        holder: UUID | None = None,
        lease: timedelta = LEASE,
        drains_for: timedelta = DRAINS_FOR,
        chance: Random | None = None,
    ) -> None:
        self._database = database
        self._tail = tail
        self._open_sink = open_sink
        self._clock = clock
        self._changes = changes
        self._holder = holder or uuid4()
        self._drains_for = drains_for
        self._posts: dict[UUID, _Post] = {}
        self._gone = asyncio.Event()
        self._tenure = Tenure(lease)
        self._renewed_at = -math.inf
        self._chance = chance or Random()

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then has a few seconds to end."""
        async with asyncio.TaskGroup() as tasks:
            try:
                with self._changes.listen() as ear:
                    while True:
                        with contextlib.suppress(Unavailable):
                            await self._look(tasks)
                        await ear.wait(LOOKS_EVERY)
            finally:
                await self._drain()

    async def _drain(self) -> None:
        for post in self._posts.values():
            post.courier.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._drains_for.total_seconds()):
                while self._posts:
                    await self._gone.wait()
                    self._gone.clear()

    async def _look(self, tasks: asyncio.TaskGroup) -> None:
        began, gaps = monotonic(), list[NewEvent]()
        async with self._database.transaction(urgent=True) as tx:
            versions = {one.id: one.updated_at for one in await webhooks.active(tx, now=self._clock.now())}
            kept = await self._renew(tx, began)
            wanted = sorted(versions.keys() - self._posts.keys())
            fences = await leases.acquire(tx, "webhook", wanted, holder=self._holder, duration=self._tenure.duration)
            hired = [post for id in fences if (post := await self._hire(tx, id, fences[id], versions[id], gaps))]
            event_log.append_last(tx, gaps)
        self._count(gaps)
        self._go_on(kept, began)
        for post in list(self._posts.values()):
            is_lost = kept is not None and post.webhook_id not in kept
            if is_lost:
                log.warning("webhook.lease_lost", webhook=str(post.webhook_id))
            if is_lost or versions.get(post.webhook_id) != post.version:
                post.courier.stop()
        for post in hired:
            self._posts[post.webhook_id] = post
            tasks.create_task(self._employ(post))

    async def _renew(self, tx: Tx, now: float) -> set[UUID] | None:
        """The webhooks whose lease was renewed, while it is time; one that is missing is somebody else's."""
        if now - self._renewed_at < self._tenure.duration.total_seconds() / 3:
            return None
        fences = {post.webhook_id: post.fence for post in self._posts.values()}
        return await leases.renew(tx, "webhook", fences, duration=self._tenure.duration)

    def _go_on(self, kept: set[UUID] | None, began: float) -> None:
        """Count the tenure anew, and wake those who had to pause because it was over."""
        if kept is None:
            return
        was_over = self._tenure.is_over
        self._tenure.renew(began)
        self._renewed_at = began
        for post in self._posts.values():
            if was_over and post.webhook_id in kept:
                post.courier.resume()

    def _count(self, gaps: Iterable[NewEvent]) -> None:
        for gap in gaps:
            log.warning("webhook.gap", webhook=gap.data["webhook_id"], first=gap.data["from"], last=gap.data["to"])
            EVENTS.labels(gap.type).inc()
            self._tail.ring()

    async def _hire(self, tx: Tx, id: UUID, fence: int, version: datetime, gaps: list[NewEvent]) -> _Post | None:
        webhook = await webhooks.find(tx, id)
        target = await webhooks.target(tx, id, now=self._clock.now())
        cursor = await deliveries.claim(tx, id, fence)
        if webhook is None or target is None or cursor is None:
            return None
        lost = await deliveries.skip_lost(tx, id, await event_log.oldest(tx))
        if lost is not None:
            gaps.append(self._gap(webhook, lost))
            cursor = replace(cursor, position=max(cursor.position, lost.last))
        courier = Courier(
            webhook=webhook,
            fence=fence,
            cursor=cursor,
            parked=await deliveries.parked(tx, id, limit=MOST_PARKED),
            sink=self._open_sink(target),
            tail=self._tail,
            database=self._database,
            clock=self._clock,
            tenure=self._tenure,
            chance=self._chance,
        )
        return _Post(webhook_id=id, courier=courier, fence=fence, version=version)

    def _gap(self, webhook: Webhook, lost: deliveries.Lost) -> NewEvent:
        bounds = {"from": lost.first, "to": lost.last}
        return webhook_event(webhook, WEBHOOK_GAP, id=self._clock.new_id(), time=self._clock.now(), **bounds)

    async def _employ(self, post: _Post) -> None:
        """Let the courier work to its end. Its trouble is its own: a later look begins it anew."""
        is_well = True
        try:
            await post.courier.run()
        except* LostFence:
            log.warning("webhook.fence_lost", webhook=str(post.webhook_id))
        except* Exception:
            is_well = False
            log.exception("webhook.courier_failed", webhook=str(post.webhook_id))
        finally:
            try:
                with contextlib.suppress(Unavailable):
                    async with self._database.transaction() as tx:
                        await leases.release(tx, "webhook", post.webhook_id, post.fence)
            finally:
                self._posts.pop(post.webhook_id, None)
                self._gone.set()
                if is_well:
                    self._changes.ring()
