"""A receiver whose answers the test writes beforehand, and ways to see what they led to."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from recado.domain.delivery import Delivered, Failed
from recado.store import log, webhooks
from tests.services.delivery import Desk
from tests.waiting import until

URL = "http://a/"
BAD = Failed(error="the receiver answered 422", status=422)
DOWN = Failed(error="no connection: refused")


class Script:
    """An answer for each position, Delivered for all others; can be changed while it plays."""

    def __init__(self, desk: Desk) -> None:
        self.sink = desk.sinks[URL]
        self.sink.answer = self._answer
        self.answers: dict[int, object] = {}
        self.otherwise: object = Delivered(status=200)

    async def _answer(self, parcel):
        return self.answers.get(parcel.event.position, self.otherwise)

    def tries_of(self, position: int) -> int:
        return sum(parcel.event.position == position for parcel in self.sink.tried)

    @property
    def taken(self) -> list[int]:
        return [parcel.event.position for parcel in self.sink.taken]


async def pass_time(desk: Desk, duration: timedelta) -> None:
    """Let it pass once everybody who was at work has gone to sleep."""
    await desk.clock.until_asleep()
    desk.clock.advance(duration)


async def log_head(desk: Desk) -> int:
    async with desk.database.transaction() as tx:
        await tx.execute("SELECT 1")
        return await log.head(tx)


async def waiting_row(desk: Desk, webhook: UUID, attempts: int):
    """When the one parked event is to be tried again, once that many attempts are written down."""

    async def next_at():
        async with desk.database.transaction() as tx:
            query = "SELECT next_at FROM recado.parked_deliveries WHERE webhook_id = %s AND attempts = %s"
            row = await (await tx.execute(query, (webhook, attempts))).fetchone()
            return row[0] if row is not None else None

    return await until(next_at)


async def is_failing(desk: Desk, webhook: UUID) -> bool:
    async with desk.database.transaction() as tx:
        row = await webhooks.find(tx, webhook)
    return row is not None and row.failing_since is not None


async def is_off(desk: Desk, webhook: UUID) -> bool:
    async with desk.database.transaction() as tx:
        row = await webhooks.find(tx, webhook)
    return row is not None and row.state == "disabled"


async def recorded(desk: Desk, webhook: UUID, number: int) -> bool:
    return len(await desk.attempts(webhook)) >= number
