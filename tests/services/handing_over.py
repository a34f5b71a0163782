"""A phone that hands over its history to a worker: pieces by their notification, gates, errors and kills on command."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from recado.domain.engine import EngineError
from recado.domain.history import OlderMessages
from recado.domain.instances import Instance
from recado.domain.sync import HistoryBatch, HistoryFetched, HistoryNotice, OldestKnown
from recado.services.bell import Bell
from recado.services.calls import Calls
from recado.services.receiving.history import Histories
from recado.services.roster import Roster
from recado.store import instances
from recado.store.database import Database
from tests.stillclock import StillClock
from tests.store.house import House
from tests.waiting import until

FENCE = 7


class HandingOver:
    """An instance with a running `Histories`; the test is its engine and its phone."""

    def __init__(self, database: Database, clock: StillClock, house: House) -> None:
        self.database = database
        self.clock = clock
        self.house = house
        self.bell = Bell()
        self.roster = Roster()
        self.histories = Histories(
            database,
            self,  # type: ignore[arg-type]
            self.roster,
            clock,
            self.bell,
            Calls(database, self.roster),
        )
        self.pieces: dict[bytes, Sequence[HistoryBatch]] = {}
        self.errors: defaultdict[str, list[EngineError]] = defaultdict(list)
        self.fetches: list[bytes] = []
        self.endings: list[tuple[str | None, bool]] = []
        self.asked: list[tuple[OldestKnown, int]] = []
        self.stored = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.stops_before: int | None = None
        self.at_the_end: Callable[[], Awaitable[None]] | None = None

    # --- what an engine has ---

    async def fetch_history(self, session: str, fence: int, id: str, notification: bytes) -> HistoryFetched:
        self.fetches.append(notification)
        assert (session, fence) == (str(self.house.id), FENCE)
        self._fail("fetch")
        batches = self.pieces[notification]
        for n, batch in enumerate(batches):
            if n == self.stops_before:
                self.gate.clear()
            await self.gate.wait()
            await self.histories.handle(replace(batch, id=id))
            self.stored += 1
        return HistoryFetched(
            conversations=sum(len(batch.conversations) for batch in batches),
            messages=sum(len(batch.messages) for batch in batches),
            skipped=0,
        )

    async def end_history(
        self, session: str, fence: int, wa_id: str | None, notification: bytes, *, is_lost: bool
    ) -> None:
        self._fail("end")
        self.endings.append((wa_id, is_lost))
        if self.at_the_end is not None:
            await self.at_the_end()

    async def ask_history(self, session: str, fence: int, oldest: OldestKnown, count: int) -> str:
        self._fail("ask")
        self.asked.append((oldest, count))
        return f"REQUEST{len(self.asked)}"

    def _fail(self, call: str) -> None:
        if self.errors[call]:
            raise self.errors[call].pop(0)

    # --- what a test does with it ---

    @contextlib.asynccontextmanager
    async def running(self, *, connected: bool = True) -> AsyncIterator[HandingOver]:
        """Alive until the end of the block, which it does not survive by a kill: nothing is finished."""
        async with asyncio.TaskGroup() as tasks:
            life = tasks.create_task(self.histories.run())
            if connected:
                await asyncio.sleep(0)
                self.connect()
            try:
                yield self
            finally:
                life.cancel()

    def again(self) -> HandingOver:
        """The same instance with another Recado, after a crash."""
        other = HandingOver(self.database, self.clock, self.house)
        other.pieces = self.pieces
        return other

    def connect(self) -> None:
        self.roster.leave(self.house.id)
        self.roster.enter(self.house.id, FENCE)

    async def offer(self, notification: bytes, *batches: HistoryBatch, **fields: Any) -> None:
        """The phone offers a piece; when this returns it is confirmed."""
        self.pieces[notification] = batches
        plain = {"wa_id": notification.decode(), "sync_type": "RECENT", "chunk_order": 1, "progress": 100}
        await self.histories.handle(
            HistoryNotice(session=str(self.house.id), notification=notification, **(plain | fields))
        )

    async def instance(self) -> Instance:
        async with self.database.transaction() as tx:
            instance = await instances.get(tx, self.house.id)
        assert instance is not None
        return instance

    async def states(self) -> list[str]:
        """Of all pieces, in the order in which they were offered."""
        return [state for (state,) in await self.house.rows("SELECT state FROM recado.history_pieces ORDER BY id")]

    async def until_states(self, *states: str) -> None:
        async def reached() -> bool:
            return await self.states() == list(states)

        await until(reached)

    async def steps(self) -> list[str]:
        return [code for (code,) in await self.house.rows("SELECT code FROM recado.timeline ORDER BY id")]

    async def told(self) -> list[dict[str, Any]]:
        return [event.data for event in await self.house.events("history.progress")]

    async def request(self, id: Any) -> OlderMessages:
        [[chat_id]] = await self.house.rows("SELECT chat_id FROM recado.history_requests WHERE id = %s", id)
        found = await self.histories.requests(await self.instance(), chat_id)
        return next(one for one in found if one.id == id)
