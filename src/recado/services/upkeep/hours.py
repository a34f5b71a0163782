"""Counts the messages of each hour once it is over, so that showing a month of them reads no message."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from recado.clock import Clock
from recado.domain.errors import Unavailable
from recado.domain.figures import HOUR, hour_of
from recado.store import hours
from recado.store.database import Database

GRACE: Final = timedelta(minutes=2)
"""How long after its end an hour is counted: what was accepted in its last moments is committed by then."""
LOOKS_BACK: Final = timedelta(days=31)
_TRIES_AGAIN: Final = timedelta(minutes=1)


class Hours:
    """Several processes may count: each hour is counted by one of them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self) -> None:
        while True:
            try:
                while not await self.step():
                    pass
            except Unavailable:
                await self._clock.sleep(_TRIES_AGAIN)
            else:
                now = self._clock.now()
                await self._clock.sleep(hour_of(now - GRACE) + HOUR + GRACE - now)

    async def step(self) -> bool:
        """Count the next hour that has messages; whether all that are over are counted. Raises Unavailable."""
        now = self._clock.now()
        current = hour_of(now - GRACE)
        async with self._database.transaction() as tx:
            reached = await hours.claim(tx, _earliest(now))
            if reached >= current:
                return True
            hour = await hours.next_used(tx, max(reached, _earliest(now)))
            if hour is None or hour >= current:
                await hours.reach(tx, current)
                return True
            await hours.count(tx, hour)
            await hours.reach(tx, hour + HOUR)
        return False


def _earliest(now: datetime) -> datetime:
    return hour_of(now - LOOKS_BACK)
