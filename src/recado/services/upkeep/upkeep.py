"""What has to be done now and then: tomorrow's log made ready, what is old enough dropped."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Final

from recado.clock import Clock
from recado.domain.errors import Unavailable
from recado.store import days, deliveries, drafts, log, webhooks
from recado.store.database import Database

EVERY: Final = timedelta(hours=1)
_TRIES_AGAIN: Final = timedelta(minutes=1)


class Upkeep:
    """`keep` is how long the log and the attempts are kept; over `most_bytes`, the log is kept for nobody longer."""

    def __init__(self, database: Database, clock: Clock, keep: timedelta, most_bytes: int | None = None) -> None:
        self._database = database
        self._clock = clock
        self._keep = keep
        self._most_bytes = most_bytes

    async def run(self) -> None:
        while True:
            try:
                await self.do()
            except Unavailable:
                await self._clock.sleep(_TRIES_AGAIN)
            else:
                await self._clock.sleep(EVERY)

    async def do(self) -> None:
        """Once. Raises Unavailable."""
        now = self._clock.now()
        today = now.date()
        async with self._database.transaction() as tx:
            await days.prepare(tx, today=today)
            await drafts.forget_keys(tx, now)
        with contextlib.suppress(Unavailable):
            async with self._database.transaction() as tx:
                if await days.expire(tx, self._keep, most_bytes=self._most_bytes, today=today):
                    oldest = await log.oldest(tx)
                    await deliveries.forget_dead(tx, oldest)
                    await webhooks.touch_behind(tx, oldest, now=self._clock.now())
