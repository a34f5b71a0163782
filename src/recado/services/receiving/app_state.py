"""Names and chat settings from the phone: read after every connect and whenever the network says that there is news.

Each collection is read from where Recado is, or from the start: when something was lost, when entries were removed (the
network does not say which), when its data was wrong.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain.agenda import Agenda
from recado.domain.changes import contacts_synced
from recado.domain.engine import EngineError, Signal
from recado.domain.errors import Unavailable
from recado.domain.events import NewEvent
from recado.domain.instances import id_of
from recado.domain.sync import COLLECTIONS, AppStateFetched, AppStateItems, AppStateSource
from recado.services.alarm import Alarm
from recado.services.bell import Bell
from recado.services.receiving.app_state_effects import Effects
from recado.services.roster import Roster
from recado.store import app_state as store
from recado.store import identities, instances, log, timeline
from recado.store.app_state import Reading
from recado.store.database import Database, Tx
from recado.telemetry import EVENTS

AGAIN_AFTER: Final = timedelta(minutes=1)
WRONG_AGAIN_AFTER: Final = timedelta(hours=1)
WRONG: Final = "app_state_wrong"
_AT_ONCE: Final = 4
_UNTIL_CONNECTED: Final = frozenset(
    {"not_connected", "unknown_session", "stale_fence", "host_down", "not_paired", "unknown_method"}
)

_log = structlog.get_logger()


class Stray(Unavailable):
    """Entries came that nobody has asked for."""


class AppState:
    """Reads for every instance of the roster, a few at a time, of each one collection after the other."""

    def __init__(self, database: Database, source: AppStateSource, roster: Roster, clock: Clock, bell: Bell) -> None:
        self._database = database
        self._source = source
        self._roster = roster
        self._clock = clock
        self._bell = bell
        self._agendas: dict[UUID, Agenda] = {}
        self._readings: dict[tuple[UUID, str], Reading] = {}
        self._anew: dict[UUID, set[str]] = {}
        self._alarm = Alarm(clock)
        self._room = asyncio.Semaphore(_AT_ONCE)

    def connected(self, instance_id: UUID) -> None:
        """Whatever has changed meanwhile is to be read."""
        agenda = self._agendas.setdefault(instance_id, Agenda())
        for collection in COLLECTIONS:
            agenda.ask(collection, self._clock.now())
        self._alarm.ring()

    def paired(self, instance_id: UUID) -> None:
        """It may be another phone now: what comes next is a first read."""
        self._anew[instance_id] = set(COLLECTIONS)

    def changed(self, signal: Signal) -> None:
        """The network says that there is something new in a collection, or has given the keys to it."""
        instance_id = id_of(signal.session)
        agenda = self._agendas.get(instance_id) if instance_id else None
        if agenda is not None:
            agenda.ask(str(signal.data.get("collection", "")), self._clock.now())
            self._alarm.ring()

    async def handle(self, items: AppStateItems) -> None:
        """Return when it is stored. Raises Unavailable: the read fails, and the next one begins where it began."""
        instance_id = UUID(items.session)
        reading = self._readings.get((instance_id, items.collection))
        if reading is None:
            raise Stray("app_state_stray", "Nobody has asked for this app state.", hint="It is asked for again.")
        async with self._database.transaction(locks=identities.locks([instance_id])) as tx:
            effects = await self._effects(tx, instance_id, reading)
            if effects is None:
                return
            news = await store.keep(tx, instance_id, items.collection, reading.number, items.items)
            await effects.apply(news)
            log.append_last(tx, effects.events)
        self._told(effects.events)

    async def run(self) -> None:
        self._roster.hear(self.connected)
        for instance_id in self._roster.connected():
            self.connected(instance_id)
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._leave_out()
                for instance_id, agenda in self._agendas.items():
                    if not agenda.is_busy and agenda.is_due(self._clock.now()):
                        agenda.is_busy = True
                        tasks.create_task(self._serve(instance_id, agenda))
                moments = [one.next_at for one in self._agendas.values() if one.next_at and not one.is_busy]
                await self._alarm.wait(min(moments, default=None))

    def _leave_out(self) -> None:
        """Those that are not connected: when they are, all of it is asked for."""
        connected = self._roster.connected()
        for instance_id in self._agendas.keys() - connected.keys():
            if not self._agendas[instance_id].is_busy:
                del self._agendas[instance_id]

    async def _serve(self, instance_id: UUID, agenda: Agenda) -> None:
        """Read what is due of one instance."""
        try:
            async with self._room:
                while (due := agenda.take(self._clock.now())) is not None:
                    await self._read(instance_id, agenda, *due)
        finally:
            agenda.is_busy = False
            self._alarm.ring()

    async def _read(self, instance_id: UUID, agenda: Agenda, collection: str, is_full: bool) -> None:
        fence = self._roster.fence_of(instance_id)
        if fence is None:
            return
        try:
            fetched = await self._fetch(instance_id, fence, collection, is_full)
        except EngineError as error:
            await self._mishap(instance_id, agenda, collection, is_full, error)
        except Exception as error:
            _log.warning("app_state.unread", instance=str(instance_id), collection=collection, error=repr(error))
            agenda.ask(collection, self._clock.now() + AGAIN_AFTER, is_full=is_full)
        else:
            agenda.failures.pop(collection, None)
            if fetched.removed and not fetched.was_full:
                agenda.ask_full_soon(collection, self._clock.now())

    async def _fetch(self, instance_id: UUID, fence: int, collection: str, is_full: bool) -> AppStateFetched:
        async with self._database.transaction() as tx:
            is_anew = collection in self._anew.get(instance_id, ())
            reading = await store.begin(tx, instance_id, collection, is_anew=is_anew)
        key = (instance_id, collection)
        self._readings[key] = reading
        version = None if is_full else reading.version
        try:
            fetched = await self._source.fetch_app_state(str(instance_id), fence, collection, version)
        finally:
            del self._readings[key]
        await self._finish(instance_id, collection, reading, fetched)
        self._anew.get(instance_id, set()).discard(collection)
        return fetched

    async def _finish(self, instance_id: UUID, collection: str, reading: Reading, fetched: AppStateFetched) -> None:
        """What a full read has not named is gone; the next read begins where this one has ended."""
        now, was_full = self._clock.now(), fetched.was_full
        async with self._database.transaction(locks=identities.locks([instance_id])) as tx:
            effects = await self._effects(tx, instance_id, reading)
            if effects is None:
                return
            if was_full:
                await effects.take_back(await store.sweep(tx, instance_id, collection, reading.number))
            await store.finish(tx, instance_id, collection, version=fetched.version, was_full=was_full, now=now)
            if collection == store.ADDRESS_BOOK and reading.is_first and fetched.version:
                count = await store.count(tx, instance_id, collection)
                effects.events.append(contacts_synced(effects.occasion(), count))
            log.append_last(tx, effects.events)
        self._told(effects.events)

    async def _mishap(
        self, instance_id: UUID, agenda: Agenda, collection: str, is_full: bool, error: EngineError
    ) -> None:
        _log.warning("app_state.failed", instance=str(instance_id), collection=collection, kind=error.kind)
        now = self._clock.now()
        if error.kind in _UNTIL_CONNECTED:
            return
        if error.kind != "server":
            agenda.ask(collection, now + AGAIN_AFTER, is_full=is_full)
        elif not is_full:
            agenda.ask(collection, now, is_full=True)
        else:
            agenda.failures[collection] = agenda.failures.get(collection, 0) + 1
            is_wrong = await self._record_wrong(instance_id, collection, error, agenda.failures[collection])
            agenda.ask(collection, now + (WRONG_AGAIN_AFTER if is_wrong else AGAIN_AFTER), is_full=True)

    async def _record_wrong(self, instance_id: UUID, collection: str, error: EngineError, failures: int) -> bool:
        """Say it in the timeline, once. Right after pairing the keys may still be on their way: False, then."""
        try:
            async with self._database.transaction() as tx:
                has_been_read = await store.is_known(tx, instance_id, collection)
                if not has_been_read and failures == 1:
                    return False
                is_news = await store.fail(tx, instance_id, collection, str(error))
                instance = await instances.get(tx, instance_id)
                if is_news and instance is not None:
                    params = {"error": collection}
                    step = timeline.Step(
                        id=self._clock.new_id(),
                        instance_id=instance_id,
                        at=self._clock.now(),
                        code=WRONG,
                        state=instance.state,
                        params=params,
                    )
                    await timeline.add(tx, [step])
        except Unavailable as trouble:
            _log.warning("app_state.unsaid", instance=str(instance_id), error=str(trouble))
        return True

    async def _effects(self, tx: Tx, instance_id: UUID, reading: Reading) -> Effects | None:
        """None when the instance has been removed."""
        instance = await instances.get(tx, instance_id)
        if instance is None:
            return None
        return Effects(tx, instance_id, instance.instance_name, self._clock, is_silent=reading.is_first)

    def _told(self, events: list[NewEvent]) -> None:
        for event in events:
            EVENTS.labels(event.type).inc()
        if events:
            self._bell.ring()
