"""Writes what the worker sees: the row, its timeline and its event in one transaction, many instances in one commit.

While the database is away it waits and tries again; nothing that was seen is dropped.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain.errors import Unavailable
from recado.domain.events import INSTANCE_REMOVED, NewEvent
from recado.domain.instances import Instance, Linked, Pairing
from recado.domain.retries import storage_wait
from recado.domain.states import STATES, State, Transition
from recado.services.alarm import Alarm
from recado.services.bell import Bell
from recado.services.rights import Rights
from recado.store import leases, observations, sessions, timeline
from recado.store import log as event_log
from recado.store.database import Database, Tx
from recado.telemetry import EVENTS, INSTANCES

from .entry import Entry, code_events, entry_of, event_of
from .qr import picture_of

T = TypeVar("T")
log = structlog.get_logger()


class Lost(Exception):
    """The lease is somebody else's now, or the instance is gone: its old holder has nothing more to say."""


class Recorder:
    """Takes whatever waits, never lingers, and answers each when it is committed."""

    def __init__(self, database: Database, clock: Clock, bell: Bell, rights: Rights | None = None) -> None:
        self._rights = rights or Rights(database, clock, bell)
        self._database = database
        self._clock = clock
        self._bell = bell
        self._waiting: list[Entry] = []
        self._alarm = Alarm(clock)
        self._pen = asyncio.Lock()
        self._written: dict[UUID, tuple[int, State]] = {}

    async def run(self) -> None:
        while True:
            await self._alarm.wait(None)
            batch, self._waiting = self._waiting, []
            if batch:
                await self._settle(batch)

    async def record(
        self, instance: Instance, fence: int, step: Transition, linked: Linked, pairing: Pairing | None = None
    ) -> Instance:
        """Write a step, and the code that it shows, and return the new row. Raises Lost."""
        entry = entry_of(instance, fence, step, linked, pairing, self._clock)
        self._waiting.append(entry)
        self._alarm.ring()
        return await entry.answer

    async def record_last(self, steps: Collection[tuple[Instance, int, Transition]]) -> None:
        """Write these at the end, when nothing runs any more, and give their leases up; one try. Raises Unavailable."""
        entries = [entry_of(instance, fence, step, Linked(), None, self._clock) for instance, fence, step in steps]
        async with self._database.transaction() as tx:
            await self._write(tx, [entry for entry in entries if entry.step.is_told])
            for entry in entries:
                await leases.release(tx, "instance", entry.observation.id, entry.observation.fence)
        self._bell.ring()

    async def show(self, instance: Instance, fence: int, pairing: Pairing) -> None:
        """Show the next code until its end. Raises Lost."""
        events = code_events(instance, pairing, self._clock)

        async def work(tx: Tx) -> bool:
            is_shown = await self._show(tx, instance.id, fence, pairing)
            await event_log.append(tx, events if is_shown else [])
            return is_shown

        if not await self.persist(work):
            raise Lost
        self._count(events)

    async def remove(self, instance: Instance, fence: int) -> None:
        """Delete the instance and all of it. Raises Lost."""
        event = event_of(INSTANCE_REMOVED, instance, {}, self._clock)

        async def work(tx: Tx) -> bool:
            is_removed = await observations.remove(tx, instance.id, fence)
            if is_removed:
                await leases.remove(tx, "instance", instance.id)
                await event_log.append(tx, [event])
            return is_removed

        if not await self.persist(work):
            raise Lost
        self._count([event])
        self.forget(instance.id)
        log.info("instance.removed", instance=instance.instance_name)

    async def confirm(self, ids: Collection[UUID]) -> None:
        """Say that what was last written of these is still so."""

        async def work(tx: Tx) -> None:
            states = {id: self._written[id] for id in ids if id in self._written}
            kept = await observations.confirm(tx, states, self._clock.now()) if states else set()
            await self._miss(tx, {id: fence for id, (fence, _) in states.items()}, kept)

        await self.persist(work, rings=False)

    async def renew(
        self, fences: Mapping[UUID, int], duration: timedelta, watch: Callable[[], float]
    ) -> tuple[float, set[UUID]]:
        """Renew leases; the answer is those still held, and what `watch` showed before they were asked for."""

        async def work(tx: Tx) -> tuple[float, set[UUID]]:
            asked_at = watch()
            return asked_at, await leases.renew(tx, "instance", fences, duration=duration)

        return await self.persist(work, rings=False)

    def adopt(self, id: UUID, fence: int, state: State) -> None:
        """What stands in the row of an instance that was taken over."""
        self._written[id] = (fence, state)
        self._count()

    def forget(self, id: UUID) -> None:
        self._written.pop(id, None)
        self._count()

    def _count(self, events: Collection[NewEvent] = ()) -> None:
        """Keep the metrics."""
        for event in events:
            EVENTS.labels(event.type).inc()
        counts = Counter(state for _, state in self._written.values())
        for state in STATES:
            INSTANCES.labels(state).set(counts[state])

    async def _settle(self, batch: list[Entry]) -> None:
        try:
            rows = await self.persist(lambda tx: self._write(tx, batch), entries=batch)
        except Exception as error:
            if len(batch) == 1:
                _refuse(batch[0], error)
                return
            for entry in batch:
                await self._settle([entry])
            return
        for entry in batch:
            row = rows.get(entry.observation.id)
            if row is None:
                _refuse(entry, Lost())
                continue
            if not entry.answer.done():
                entry.answer.set_result(row)
            if entry.step.is_told:
                _tell(row, entry)

    async def persist(
        self,
        work: Callable[[Tx], Awaitable[T]],
        *,
        rings: bool = True,
        entries: Collection[Entry] = (),
    ) -> T:
        """Do it in a transaction of its own, one at a time, as often as it takes until the database is there."""
        tries = 0
        while True:
            try:
                async with self._pen:
                    async with self._database.transaction(urgent=True) as tx:
                        result = await work(tx)
                    for entry in entries:
                        seen = entry.observation
                        self._written[seen.id] = (seen.fence, seen.observed.state)
                self._count([event for entry in entries for event in entry.events])
                if rings:
                    self._bell.ring()
                return result
            except Unavailable as error:
                tries += 1
                log.warning("lifecycle.database_away", error=error.detail, tries=tries)
                await self._clock.sleep(storage_wait(tries))

    async def _write(self, tx: Tx, entries: Collection[Entry]) -> dict[UUID, Instance]:
        rows = await observations.record(tx, [entry.observation for entry in entries], self._clock.now())
        await self._miss(tx, {entry.observation.id: entry.observation.fence for entry in entries}, rows.keys())
        held = [entry for entry in entries if entry.observation.id in rows]
        for entry in held:
            if entry.pairing is not None:
                await self._show(tx, entry.observation.id, entry.observation.fence, entry.pairing)
        await timeline.add(tx, [entry.timeline for entry in held if entry.timeline])
        await sessions.put(tx, [entry.ready for entry in held if entry.ready])
        await sessions.drop(tx, [entry.observation.id for entry in held if entry.observation.unlinks])
        event_log.append_last(tx, [event for entry in held for event in entry.events])
        return rows

    async def _miss(self, tx: Tx, fences: Mapping[UUID, int], kept: Collection[UUID]) -> None:
        """Count the rows: a write that touched less than is held was swallowed, and that is told."""
        missed = {id: fence for id, fence in fences.items() if id not in kept}
        self._rights.heard(await observations.swallowed(tx, missed), kept)

    async def _show(self, tx: Tx, id: UUID, fence: int, pairing: Pairing) -> bool:
        picture = picture_of(pairing.code) if pairing.method == "qr" else None
        return await observations.show(tx, id, fence, pairing, picture, self._clock.now())


def _refuse(entry: Entry, error: Exception) -> None:
    if not entry.answer.done():
        entry.answer.set_exception(error)


def _tell(row: Instance, entry: Entry) -> None:
    """The log line of a step."""
    log.info(
        "instance." + row.state,
        instance=row.instance_name,
        status=row.status,
        reason=row.reason,
        phone=row.phone_number,
        code=entry.step.code,
        **{key: value for key, value in entry.step.params.items() if key not in ("code", "status")},
    )
