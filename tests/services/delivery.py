"""What tests of delivery stand on: events put into the log, webhooks that post to fakes, dispatch while it runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from random import Random
from uuid import UUID

from recado.clock import Clock
from recado.domain.events import MESSAGE_RECEIVED, NewEvent
from recado.domain.sink import Sink
from recado.domain.webhooks import Target
from recado.services.bell import Bell
from recado.services.delivery.dispatch import Dispatch
from recado.services.delivery.tail import Tail
from recado.store import deliveries, log, webhooks
from recado.store.database import Database
from tests.sinks.fake import FakeSink
from tests.waiting import until

SECRET = "whsec_c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M="
ANA, BIA = UUID(int=1001), UUID(int=1002)


class Desk:
    """A database, a clock, bells, and a fake sink for each URL."""

    def __init__(self, database: Database, clock: Clock, bell: Bell) -> None:
        self.database = database
        self.clock = clock
        self.bell = bell
        self.changes = Bell()
        self.sinks: dict[str, FakeSink] = defaultdict(FakeSink)
        self.dismissed: Counter[FakeSink] = Counter()

    def open_sink(self, target: Target) -> Sink:
        return _Shared(self.sinks[target.url], self.dismissed)

    async def webhook(self, url: str, *, instance_id: UUID | None = None, events: Sequence[str] | None = None) -> UUID:
        """A webhook for what is appended from now on."""
        id = self.clock.new_id()
        async with self.database.transaction() as tx:
            await webhooks.insert(
                tx,
                id=id,
                instance_id=instance_id,
                source="api",
                url=url,
                secret=SECRET,
                events=events,
                headers={},
                position=await log.head(tx),
                now=self.clock.now(),
            )
        self.changes.ring()
        return id

    async def append(self, *chats: int | None, type: str = MESSAGE_RECEIVED, instance_id: UUID | None = None) -> list:
        """One event for each chat named, committed together; their positions."""
        async with self.database.transaction() as tx:
            events = [self.event(chat, type, instance_id) for chat in chats]
            positions = await log.append(tx, events, today=self.clock.now().date())
        self.bell.ring()
        return positions

    def event(self, chat: int | None, type: str = MESSAGE_RECEIVED, instance_id: UUID | None = None) -> NewEvent:
        return NewEvent(
            id=self.clock.new_id(),
            type=type,
            time=self.clock.now(),
            instance_id=instance_id,
            instance_name=None,
            chat_id=UUID(int=chat) if chat is not None else None,
            data={"text": "oi"},
        )

    @contextlib.asynccontextmanager
    async def dispatching(self, *, drains_for: timedelta = timedelta(0)) -> AsyncIterator[Dispatch]:
        """Dispatch and its tail, until the end of the block."""
        tail = Tail(self.database, self.bell, self.clock)
        dispatch = Dispatch(
            self.database, tail, self.open_sink, self.clock, self.changes, drains_for=drains_for, chance=Even()
        )
        async with running(tail.run(), dispatch.run()):
            yield dispatch

    async def position(self, webhook_id: UUID) -> int:
        async with self.database.transaction() as tx:
            webhook = await webhooks.find(tx, webhook_id)
        assert webhook is not None
        return webhook.position

    async def parked(self, webhook_id: UUID) -> dict[int, str]:
        """Positions and states of what is parked, dead ones included."""
        async with self.database.transaction() as tx:
            query = "SELECT position, state FROM recado.parked_deliveries WHERE webhook_id = %s ORDER BY position"
            return dict(await (await tx.execute(query, (webhook_id,))).fetchall())

    async def attempts(self, webhook_id: UUID) -> list:
        async with self.database.transaction() as tx:
            return (await deliveries.attempts(tx, webhook_id, before=None, limit=10_000))[::-1]

    async def until_at(self, webhook_id: UUID, position: int) -> None:
        async def is_there() -> bool:
            return await self.position(webhook_id) >= position

        await until(is_there)

    async def until_parked(self, webhook_id: UUID, expected: dict[int, str]) -> None:
        async def is_so() -> bool:
            return await self.parked(webhook_id) == expected

        await until(is_so)


class Even(Random):
    """Chance without luck: every jitter is nought."""

    def random(self) -> float:
        return 0.5


class _Shared:
    """A fake sink as one courier sees it: closing ends this view only, and is counted in `dismissed`."""

    def __init__(self, sink: FakeSink, dismissed: Counter[FakeSink]) -> None:
        self._sink = sink
        self._dismissed = dismissed

    async def deliver(self, parcel):
        return await self._sink.deliver(parcel)

    async def close(self) -> None:
        self._dismissed[self._sink] += 1


@contextlib.asynccontextmanager
async def running(*coroutines) -> AsyncIterator[None]:
    """Let them run until the end of the block; what one of them raises is raised here."""
    async with asyncio.TaskGroup() as tasks:
        started = [tasks.create_task(coroutine) for coroutine in coroutines]
        try:
            yield
        finally:
            for task in started:
                task.cancel()


def chats_of(sink: FakeSink) -> dict[int, list[int]]:
    """What arrived: for each chat the positions in the order of their arrival."""
    arrived = defaultdict(list)
    for parcel in sink.taken:
        arrived[parcel.event.chat_id.int if parcel.event.chat_id else 0].append(parcel.event.position)
    return dict(arrived)
