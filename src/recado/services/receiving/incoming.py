"""The committer: whatever engines have heard is written in one transaction, and answered when that is committed."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain.engine import Inbound, Incoming
from recado.domain.errors import Unavailable
from recado.domain.events import NewEvent
from recado.domain.rescue import plain
from recado.services.bell import Bell
from recado.services.names import Names
from recado.services.patience import patiently
from recado.services.receiving.halves import by_halves
from recado.store import activity, identities, incoming, known, log
from recado.store.database import Database
from recado.store.incoming import Arrival
from recado.store.log import NOTHING, Appended
from recado.telemetry import BATCH, EVENTS, TROUBLES, UNKNOWN_SESSIONS

_LIMIT: Final = 200
_BYTES: Final = 8 << 20
_NOTES_EVERY: Final = timedelta(seconds=10)

_log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class _Item:
    """Something heard, and whoever waits for it to be stored. `id` is the same in every try."""

    id: UUID
    instance_id: UUID | None
    inbound: Inbound
    answer: asyncio.Future[None]

    @property
    def size(self) -> int:
        return len(self.inbound.raw) if isinstance(self.inbound, Incoming) else 0


class Committer:
    """Takes what is waiting and never lingers: batches grow by themselves while a transaction is under way.

    There is one transaction at a time, so the order of arrival is the order in the database.
    """

    def __init__(self, database: Database, clock: Clock, bell: Bell) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._names = Names(clock)
        self._waiting: deque[_Item] = deque()
        self._unanswered: set[_Item] = set()
        self._knock = asyncio.Event()
        self._active: dict[UUID, datetime] = {}
        self._is_over = False

    async def handle(self, inbound: Inbound) -> None:
        """Return when it is committed. Raises Unavailable when it will not be: the network has to keep it."""
        if self._is_over:
            raise _stopping()
        answer = asyncio.get_running_loop().create_future()
        item = _Item(self._clock.new_id(), _instance_of(inbound), inbound, answer)
        self._waiting.append(item)
        self._unanswered.add(item)
        self._knock.set()
        try:
            await item.answer
        finally:
            self._unanswered.discard(item)

    async def run(self) -> None:
        """Commit until cancelled; what is unanswered then raises in `handle`."""
        self._is_over = False
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._commit())
                tasks.create_task(self._note_activity())
        finally:
            self._is_over = True
            self._waiting.clear()
            for item in self._unanswered:
                _answer(item, _stopping())

    async def _commit(self) -> None:
        while True:
            await self._knock.wait()
            self._knock.clear()
            while self._waiting:
                await by_halves(self._next(), self._store, self._rescue)

    def _next(self) -> list[_Item]:
        batch, size = [self._waiting.popleft()], 0
        while self._waiting and len(batch) < _LIMIT and size < _BYTES:
            size += batch[-1].size
            batch.append(self._waiting.popleft())
        return batch

    async def _rescue(self, item: _Item, error: Exception) -> None:
        _log.error("incoming.kept_raw", instance=item.inbound.session, wa_id=_wa_id(item.inbound), error=str(error))
        item.inbound = plain(item.inbound, error)
        try:
            await self._store([item])
        except Exception as again:
            _log.exception("incoming.not_stored", instance=item.inbound.session, wa_id=_wa_id(item.inbound))
            _answer(item, _not_stored(again))

    async def _store(self, batch: Sequence[_Item]) -> None:
        """One transaction, tried until the database takes or refuses it."""
        try:
            arrivals, appended = await patiently(self._clock, "incoming", lambda: self._write(batch))
        except Exception:
            self._names.forget(item.instance_id for item in batch if item.instance_id)
            raise
        if appended.events:
            self._bell.ring(appended)
        for item in batch:
            _answer(item)
        self._count(batch, arrivals, appended.events)

    async def _write(self, batch: Sequence[_Item]) -> tuple[list[Arrival], Appended]:
        names = await self._names.ahead(self._database, {item.instance_id for item in batch if item.instance_id})
        arrivals = [
            Arrival(id=item.id, instance_id=id, instance_name=names[id], inbound=item.inbound)
            for item in batch
            if (id := item.instance_id) in names and id is not None
        ]
        if not arrivals:
            return [], NOTHING
        post = incoming.read_through(arrivals)
        locks = identities.locks({arrival.instance_id for arrival in arrivals})
        async with self._database.transaction(locks=locks, asks=post.question()) as tx:
            before = known.heard(tx)
            events = await incoming.write(tx, post, new_id=self._clock.new_id, now=self._clock.now(), before=before)
            appended = log.append_last(tx, events)
        return arrivals, appended

    def _count(self, batch: Sequence[_Item], arrivals: Sequence[Arrival], events: Sequence[NewEvent]) -> None:
        BATCH.observe(len(batch))
        UNKNOWN_SESSIONS.inc(len(batch) - len(arrivals))
        TROUBLES.inc(sum(isinstance(one.inbound, Incoming) and one.inbound.trouble is not None for one in arrivals))
        for type, count in Counter(event.type for event in events).items():
            EVENTS.labels(type).inc(count)
        now = self._clock.now()
        self._active.update((arrival.instance_id, now) for arrival in arrivals)

    async def _note_activity(self) -> None:
        """Now and then only: each write of an instance's row is broadcast, and waits for whoever holds it."""
        while True:
            await self._clock.sleep(_NOTES_EVERY)
            active, self._active = self._active, {}
            try:
                if active:
                    async with self._database.transaction() as tx:
                        await activity.note(tx, active)
            except Unavailable:
                self._active = active | self._active


def _answer(item: _Item, error: Exception | None = None) -> None:
    if item.answer.done():
        return
    if error is None:
        item.answer.set_result(None)
    else:
        item.answer.set_exception(error)


def _instance_of(inbound: Inbound) -> UUID | None:
    try:
        return UUID(inbound.session)
    except ValueError:
        return None


def _wa_id(inbound: Inbound) -> str:
    return getattr(inbound, "wa_id", "")


def _stopping() -> Unavailable:
    return Unavailable("stopping", "Recado is stopping.", hint="The network offers it again.")


def _not_stored(error: Exception) -> Unavailable:
    return Unavailable(
        "not_stored", f"It could not be stored: {error}", hint="See the log; the network offers it again."
    )
