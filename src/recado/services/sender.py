"""Sends what is queued: in order in each chat, chats side by side, each message under its one id until it is settled.

One loop, one transaction a turn: it settles what has come back, reads what comes next and marks what begins.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

import psycopg
import structlog

from recado.clock import Clock
from recado.domain.engine import Engine, EngineError
from recado.domain.engine import Outgoing as Parcel
from recado.domain.errors import Invalid, Unavailable
from recado.domain.jid import Identity, identity_of
from recado.domain.sending import Gone, Outcome, Postponed, Queued, Refused, judge
from recado.domain.turns import Turns
from recado.services.bell import Bell
from recado.services.recipients import resolved
from recado.services.roster import Roster
from recado.services.settlement import settle
from recado.store import log, queue
from recado.store.database import Database
from recado.store.errors import is_data_error
from recado.store.queue import Wish

WINDOW: Final = 16
READ_AHEAD: Final = 100
OFFLINE: Final = Postponed(pause=timedelta(seconds=1), detail="the instance is not connected", counts=False)
_TRIES_AGAIN: Final = timedelta(seconds=1)

_log = structlog.get_logger()

Finished = tuple[Queued, Outcome]


class Sender:
    """Works for every instance of the roster, through one engine. `watch` tells of a message's outcome."""

    def __init__(
        self, database: Database, engine: Engine, roster: Roster, clock: Clock, bell: Bell, *, window: int = WINDOW
    ) -> None:
        self._database = database
        self._engine = engine
        self._roster = roster
        self._clock = clock
        self._bell = bell
        self._turns: defaultdict[UUID, Turns] = defaultdict(lambda: Turns(window))
        self._hungry: set[UUID] = set()
        self._finished: list[Finished] = []
        self._unsettled: set[UUID] = set()
        self._tasks: asyncio.TaskGroup | None = None
        self._due = asyncio.Event()
        self._watchers: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)

    def wake(self, instance_id: UUID) -> None:
        """Something was queued for it, or it has just come online."""
        self._hungry.add(instance_id)
        self._due.set()

    def online(self, instance_id: UUID) -> None:
        """It is connected: what only waited for that goes at once."""
        self._turns[instance_id].come_online()
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
            while True:
                await self._due.wait()
                self._due.clear()
                try:
                    begun = await self._turn()
                except Unavailable:
                    await self._clock.sleep(_TRIES_AGAIN)
                    self._due.set()
                    continue
                for queued in begun:
                    self._tasks.create_task(self._perform(queued))

    async def _turn(self) -> list[Queued]:
        """Raises Unavailable; then what had come back is settled in a later turn."""
        finished, self._finished = self._finished, []
        wishes = self._wishes(self._roster.connected())
        try:
            begun = await self._commit(finished, wishes)
        except Unavailable:
            self._finished[:0] = finished
            self._hungry |= {wish.instance_id for wish in wishes}
            raise
        for queued in begun:
            self._turns[queued.instance_id].begin(queued)
            self._unsettled.add(queued.message_id)
        for queued, outcome in finished:
            self._settled(queued, outcome)
        return begun

    def _wishes(self, connected: Mapping[UUID, int]) -> list[Wish]:
        """What to read for whom; what is in memory for those who have left is forgotten."""
        for instance_id in self._turns.keys() - connected.keys():
            self._turns[instance_id].drop_waiting()
            if not self._turns[instance_id].under_way:
                del self._turns[instance_id]
        hungry = [instance_id for instance_id in connected if instance_id in self._hungry]
        self._hungry -= connected.keys()
        turns = [(instance_id, self._turns[instance_id]) for instance_id in hungry]
        return [Wish(instance_id=id, room=READ_AHEAD, chats=one.chats) for id, one in turns if one.room]

    async def _commit(self, finished: Sequence[Finished], wishes: Sequence[Wish]) -> list[Queued]:
        try:
            return await self._write(finished, wishes)
        except (psycopg.Error, UnicodeError, TypeError) as error:
            if not finished or not is_data_error(error):
                raise
        for one in finished:
            try:
                await self._write([one], [])
            except (psycopg.Error, UnicodeError, TypeError):
                _log.exception("sender.unsettled", message=str(one[0].message_id), instance=one[0].instance_name)
        return await self._write([], wishes)

    async def _write(self, finished: Sequence[Finished], wishes: Sequence[Wish]) -> list[Queued]:
        async with self._database.transaction() as tx:
            events = await settle(tx, finished, self._clock) if finished else []
            if wishes:
                self._admit(await queue.load(tx, wishes, without=self._unsettled))
            begun = [
                queued for id in self._roster.connected() if id in self._turns for queued in self._turns[id].ready()
            ]
            if begun:
                await queue.claim(tx, [queued.message_id for queued in begun], self._clock.now())
            await log.append(tx, events)
        if events:
            self._bell.ring()
        return begun

    def _admit(self, rows: Sequence[Queued]) -> None:
        now = self._clock.now()
        for instance_id, group in _by_instance(rows).items():
            turns = self._turns[instance_id]
            turns.admit(group)
            for queued in group:
                if queued.not_before is not None and queued.not_before > now:
                    self._keep_back(queued, queued.not_before - now)
            if len(group) == READ_AHEAD and turns.room:
                self.wake(instance_id)

    async def _perform(self, queued: Queued) -> None:
        """One try, whatever it comes to."""
        fence = self._roster.fence_of(queued.instance_id)
        try:
            outcome = OFFLINE if fence is None else await self._try(queued, fence)
        except Exception as error:
            _log.exception("sender.failed", message=str(queued.message_id), instance=queued.instance_name)
            outcome = judge(EngineError("internal", repr(error), is_uncertain=True), queued.attempts)
        turns = self._turns[queued.instance_id]
        if isinstance(outcome, Postponed):
            attempts = queued.attempts + outcome.counts
            turns.hold(replace(queued, attempts=attempts), is_offline=not outcome.counts)
            self._keep_back(queued, outcome.pause, is_held=True)
        else:
            turns.finish(queued)
        self._finished.append((queued, outcome))
        self.wake(queued.instance_id)

    async def _try(self, queued: Queued, fence: int) -> Outcome:
        session = str(queued.instance_id)
        try:
            wire, names = await self._resolve(session, fence, queued.wire)
            sent = await self._engine.send(session, fence, Parcel(wa_id=queued.wa_id, to=wire, content=queued.content))
        except EngineError as error:
            return judge(error, queued.attempts)
        except Invalid as error:
            return Refused(code=error.code, detail=error.detail)
        return Gone(at=sent.at, names=names or _learnt(queued.who, wire, sent.to))

    async def _resolve(self, session: str, fence: int, wire: str) -> tuple[str, tuple[Identity, ...]]:
        """The JID to send to; behind a number that was a guess also what that says of its owner."""
        if not wire.startswith("+"):
            return wire, ()
        answers = await self._engine.resolve(session, fence, [wire])
        recipient = resolved(answers[0])
        known = recipient.address.identity or Identity()
        return recipient.wire, (Identity(phone=wire[1:], lid=known.lid), known)

    def _keep_back(self, queued: Queued, pause: timedelta, *, is_held: bool = False) -> None:
        if not is_held:
            self._turns[queued.instance_id].keep_back(queued.chat_id)
        if self._tasks is not None:
            self._tasks.create_task(self._release(queued, pause))

    async def _release(self, queued: Queued, pause: timedelta) -> None:
        await self._clock.sleep(pause)
        if queued.instance_id in self._turns:
            self._turns[queued.instance_id].release(queued.chat_id)
            self.wake(queued.instance_id)

    def _settled(self, queued: Queued, outcome: Outcome) -> None:
        self._unsettled.discard(queued.message_id)
        if not isinstance(outcome, Postponed):
            for watcher in self._watchers.get(queued.message_id, ()):
                watcher.set()


def _by_instance(rows: Sequence[Queued]) -> dict[UUID, list[Queued]]:
    groups: dict[UUID, list[Queued]] = {}
    for queued in rows:
        groups.setdefault(queued.instance_id, []).append(queued)
    return groups


def _learnt(who: Identity, wire: str, used: str) -> tuple[Identity, ...]:
    """A number and LID that belong together, when the network has just said so and it was not known."""
    identity = identity_of(wire, used)
    return (identity,) if identity.phone and identity.lid and who != identity else ()
