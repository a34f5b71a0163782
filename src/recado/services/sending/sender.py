"""Sends what is queued: in order in each chat, chats side by side, each message under its one id until it is settled.

One loop, one transaction a turn: it settles what has come back, reads what comes next and marks what begins.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain
from typing import Final
from uuid import UUID

import psycopg
import structlog

from recado.clock import Clock
from recado.domain.engine import Engine, EngineError
from recado.domain.errors import Unavailable
from recado.domain.sending import LANES, Lane, Outcome, Postponed, Queued, judge
from recado.domain.turns import Turns
from recado.services.bell import Bell
from recado.services.roster import Roster
from recado.services.sending.attempt import attempt
from recado.services.sending.paces import Paces
from recado.services.sending.pauses import Pauses
from recado.services.sending.settlement import Finished, refused_new_chats, settle, took_new_chats
from recado.services.sending.timetable import Timetable
from recado.store import identities, log, queue
from recado.store.database import Database
from recado.store.errors import is_data_error
from recado.store.queue import Wish

WINDOW: Final = 16
READ_AHEAD: Final = 100
OFFLINE: Final = Postponed(pause=timedelta(seconds=1), detail="the instance is not connected", counts=False)
DRAINS_FOR: Final = timedelta(seconds=3)
_WRITES_WITHIN: Final = timedelta(seconds=2)
_TRIES_AGAIN: Final = timedelta(seconds=1)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What a turn has to do: outcomes to settle, wishes to read for, instances to look at."""

    finished: list[Finished]
    wishes: list[Wish]
    instances: list[UUID]


class Sender:
    """Works for every instance of the roster, through one engine. `watch` tells of a message's outcome."""

    def __init__(
        self, database: Database, engine: Engine, roster: Roster, clock: Clock, bell: Bell, pauses: Pauses, paces: Paces
    ) -> None:
        self._database = database
        self._engine = engine
        self._roster = roster
        self._clock = clock
        self._bell = bell
        self._pauses = pauses
        self._paces = paces
        self._turns: dict[UUID, Turns] = {}
        self._hungry: set[UUID] = set()
        self._finished: list[Finished] = []
        self._unsettled: set[UUID] = set()
        self._withdrawn: list[tuple[UUID, UUID]] = []
        self._tasks: asyncio.TaskGroup | None = None
        self._performing: set[asyncio.Task[None]] = set()
        self._due = asyncio.Event()
        self._timetable = Timetable(clock, self.wake)
        self._watchers: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)

    def wake(self, instance_id: UUID) -> None:
        """Something may go for it now: it was queued, it is due, the instance has just come online."""
        self._hungry.add(instance_id)
        self._due.set()

    def online(self, instance_id: UUID) -> None:
        """It is connected: what only waited for that goes at once."""
        if instance_id in self._turns:
            self._turns[instance_id].come_online()
        self.wake(instance_id)

    def accepted(self, instance_id: UUID, chat_id: UUID, lane: Lane) -> None:
        """Something was queued for a chat, which is in that lane now."""
        if instance_id in self._turns:
            self._turns[instance_id].move(chat_id, lane)
        self.wake(instance_id)

    def withdraw(self, instance_id: UUID, message_id: UUID) -> None:
        """It is in the queue no more: it was cancelled, or has expired."""
        self._withdrawn.append((instance_id, message_id))
        self.wake(instance_id)

    @contextlib.contextmanager
    def watch(self, message_id: UUID) -> Iterator[asyncio.Event]:
        """An event that is set when the message is settled here."""
        watcher = asyncio.Event()
        self._watchers[message_id].add(watcher)
        try:
            yield watcher
        finally:
            self._watchers[message_id].discard(watcher)
            if not self._watchers[message_id]:
                del self._watchers[message_id]

    async def run(self) -> None:
        self._roster.hear(self.online)
        for instance_id in self._roster.connected():
            self.online(instance_id)
        async with asyncio.TaskGroup() as self._tasks:
            self._tasks.create_task(self._timetable.run())
            await self._read_pauses()
            try:
                while True:
                    await self._due.wait()
                    self._due.clear()
                    await self._go_on(self._tasks)
            finally:
                await self._drain()

    async def _go_on(self, tasks: asyncio.TaskGroup) -> None:
        try:
            begun = await self._turn()
        except Unavailable:
            await self._clock.sleep(_TRIES_AGAIN)
            self._due.set()
            return
        for queued in begun:
            performing = tasks.create_task(self._perform(queued))
            self._performing.add(performing)
            performing.add_done_callback(self._performing.discard)

    async def _drain(self) -> None:
        """What is on its way has a few seconds to come back; the rest is sent again under its id at the next start."""
        if self._performing:
            await asyncio.wait(self._performing, timeout=DRAINS_FOR.total_seconds())
        finished, on_the_way = self._finished, len(self._performing)
        try:
            async with asyncio.timeout(_WRITES_WITHIN.total_seconds()):
                if finished:
                    await self._commit(_Work(finished=finished, wishes=[], instances=[]))
        except (Unavailable, TimeoutError) as error:
            _log.warning("sender.left_unsettled", messages=len(finished), error=str(error))
        if on_the_way:
            _log.warning("sender.left_on_the_way", messages=on_the_way)

    async def _read_pauses(self) -> None:
        """Before anything goes; nothing can be read from the queue either while the database is away."""
        while True:
            try:
                return await self._pauses.load()
            except Unavailable:
                await self._clock.sleep(_TRIES_AGAIN)

    async def _turn(self) -> list[Queued]:
        """Raises Unavailable; then what had come back is settled in a later turn."""
        work = self._work()
        try:
            begun = await self._commit(work)
        except BaseException:
            self._finished[:0] = work.finished
            self._hungry |= set(work.instances)
            raise
        now = self._clock.now()
        for queued in begun:
            self._turns[queued.instance_id].begin(queued, now)
            self._unsettled.add(queued.message_id)
        for queued, outcome in work.finished:
            self._settled(queued, outcome)
        for instance_id in work.instances:
            self._timetable.set(instance_id, self._turns[instance_id].next_at(now))
        return begun

    def _work(self) -> _Work:
        """What to do now; what is in memory for those who have left, or may not be sent, is forgotten."""
        finished, self._finished = self._finished, []
        withdrawn, self._withdrawn = self._withdrawn, []
        for instance_id, message_id in withdrawn:
            if instance_id in self._turns:
                self._turns[instance_id].remove(message_id)
            self._tell(message_id)
        connected = self._roster.connected()
        for instance_id in self._turns.keys() - connected.keys():
            self._turns[instance_id].drop_waiting()
            if not self._turns[instance_id].under_way:
                del self._turns[instance_id]
        instances = [instance_id for instance_id in connected if instance_id in self._hungry]
        self._hungry -= connected.keys()
        return _Work(
            finished=finished, instances=instances, wishes=list(chain.from_iterable(map(self._wishes, instances)))
        )

    def _wishes(self, instance_id: UUID) -> list[Wish]:
        now = self._clock.now()
        turns = self._turns.setdefault(instance_id, Turns(WINDOW, self._paces.of(instance_id)))
        if is_paused := self._pauses.of(instance_id) is not None:
            turns.drop_waiting("new")
        return [
            Wish(instance_id=instance_id, lane=lane, room=READ_AHEAD, chats=turns.chats)
            for lane in LANES
            if turns.room(lane, now) and not (is_paused and lane == "new")
        ]

    async def _commit(self, work: _Work) -> list[Queued]:
        try:
            return await self._write(work)
        except (psycopg.Error, UnicodeError, TypeError) as error:
            if not work.finished or not is_data_error(error):
                raise
        for one in work.finished:
            try:
                await self._write(_Work(finished=[one], wishes=[], instances=[]))
            except (psycopg.Error, UnicodeError, TypeError):
                _log.exception("sender.unsettled", message=str(one[0].message_id), instance=one[0].instance_name)
        return await self._write(replace(work, finished=[]))

    async def _write(self, work: _Work) -> list[Queued]:
        finished, now = work.finished, self._clock.now()
        locks = identities.locks(queued.instance_id for queued, _ in finished)
        async with self._database.transaction(locks=locks) as tx:
            events = await settle(tx, finished, self._clock) if finished else []
            paused = await self._pauses.refused(tx, refused_new_chats(finished))
            over = await self._pauses.forgiven(tx, took_new_chats(finished))
            if work.wishes:
                self._admit(await queue.load(tx, work.wishes, without=self._unsettled, now=now))
            for instance_id in paused.keys() & self._turns.keys():
                self._turns[instance_id].drop_waiting("new")
            ready = [queued for instance_id in work.instances for queued in self._turns[instance_id].ready(now)]
            claimed = await queue.claim(tx, [queued.message_id for queued in ready], now) if ready else set()
            appended = log.append_last(tx, events)
        self._pauses.took(paused, over)
        if events:
            self._bell.ring(appended)
        for queued in ready:
            if queued.message_id not in claimed:
                self.withdraw(queued.instance_id, queued.message_id)
        return [queued for queued in ready if queued.message_id in claimed]

    def _admit(self, rows: Sequence[Queued]) -> None:
        by_lane: defaultdict[tuple[UUID, Lane], list[Queued]] = defaultdict(list)
        for queued in rows:
            self._turns[queued.instance_id].admit([queued])
            by_lane[queued.instance_id, queued.lane].append(queued)
        for (instance_id, lane), group in by_lane.items():
            if len(group) == READ_AHEAD and self._turns[instance_id].room(lane, self._clock.now()):
                self.wake(instance_id)

    async def _perform(self, queued: Queued) -> None:
        """One try, whatever it comes to."""
        fence = self._roster.fence_of(queued.instance_id)
        try:
            outcome = OFFLINE if fence is None else await attempt(self._engine, queued, fence)
        except Exception as error:
            _log.exception("sender.failed", message=str(queued.message_id), instance=queued.instance_name)
            outcome = judge(EngineError("internal", repr(error), is_uncertain=True), queued.attempts)
        turns = self._turns[queued.instance_id]
        if isinstance(outcome, Postponed):
            again = replace(
                queued,
                attempts=queued.attempts + outcome.counts,
                is_in_doubt=queued.is_in_doubt or outcome.is_in_doubt,
            )
            turns.hold(again, self._clock.now() + outcome.pause, is_offline=outcome.is_offline)
        else:
            turns.finish(queued)
        self._finished.append((queued, outcome))
        self.wake(queued.instance_id)

    def _settled(self, queued: Queued, outcome: Outcome) -> None:
        self._unsettled.discard(queued.message_id)
        if not isinstance(outcome, Postponed):
            self._tell(queued.message_id)

    def _tell(self, message_id: UUID) -> None:
        for watcher in self._watchers.get(message_id, ()):
            watcher.set()
