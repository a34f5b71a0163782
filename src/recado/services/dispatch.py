"""Sees to it that every active webhook has one courier somewhere, held by a lease."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import structlog

from recado.clock import Clock
from recado.domain.delivery import MOST_PARKED
from recado.domain.errors import Unavailable
from recado.domain.sink import Sink
from recado.domain.webhooks import Target
from recado.store import deliveries, leases, webhooks
from recado.store.database import Database, Tx

from .bell import Bell
from .courier import Courier
from .settling import LostFence
from .tail import Tail

log = structlog.get_logger()

LOOKS_EVERY: Final = timedelta(seconds=2)
LEASE: Final = timedelta(seconds=30)
RENEWS_EVERY: Final = timedelta(seconds=10)
DRAINS_FOR: Final = timedelta(seconds=5)


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
        drains_for: timedelta = DRAINS_FOR,
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
        self._renewed_at = clock.now()

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
        now = self._clock.now()
        async with self._database.transaction() as tx:
            versions = {version.id: version.updated_at for version in await webhooks.active(tx, now=now)}
            lost = await self._renew(tx, now)
            fences = await leases.acquire(
                tx, "webhook", sorted(versions.keys() - self._posts.keys()), holder=self._holder, duration=LEASE
            )
            hired = [post for each in fences if (post := await self._hire(tx, each, fences[each], versions[each], now))]
        for post in list(self._posts.values()):
            if post.webhook_id in lost or versions.get(post.webhook_id) != post.version:
                post.courier.stop()
        for post in hired:
            self._posts[post.webhook_id] = post
            tasks.create_task(self._employ(post))

    async def _renew(self, tx: Tx, now: datetime) -> Iterable[UUID]:
        """The webhooks whose lease has gone to somebody else."""
        if not self._posts or now - self._renewed_at < RENEWS_EVERY:
            return ()
        fences = {post.webhook_id: post.fence for post in self._posts.values()}
        kept = await leases.renew(tx, "webhook", fences, duration=LEASE)
        self._renewed_at = now
        return fences.keys() - kept

    async def _hire(self, tx: Tx, id: UUID, fence: int, version: datetime, now: datetime) -> _Post | None:
        webhook = await webhooks.find(tx, id)
        target = await webhooks.target(tx, id, now=now)
        cursor = await deliveries.claim(tx, id, fence)
        if webhook is None or target is None or cursor is None:
            return None
        courier = Courier(
            webhook=webhook,
            fence=fence,
            cursor=cursor,
            parked=await deliveries.parked(tx, id, limit=MOST_PARKED),
            sink=self._open_sink(target),
            tail=self._tail,
            database=self._database,
            clock=self._clock,
        )
        return _Post(webhook_id=id, courier=courier, fence=fence, version=version)

    async def _employ(self, post: _Post) -> None:
        """Let the courier work to its end. Its trouble is its own: the next look begins it anew."""
        try:
            await post.courier.run()
            self._changes.ring()
        except* LostFence:
            log.warning("webhook.fence_lost", webhook=str(post.webhook_id))
            self._changes.ring()
        except* Exception:
            log.exception("webhook.courier_failed", webhook=str(post.webhook_id))
        finally:
            try:
                with contextlib.suppress(Unavailable):
                    async with self._database.transaction() as tx:
                        await leases.release(tx, "webhook", post.webhook_id, post.fence)
            finally:
                self._posts.pop(post.webhook_id, None)
                self._gone.set()
