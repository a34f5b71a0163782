"""The worker: takes the instances that nobody holds, runs a session for each, and keeps their leases."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain import life
from recado.domain.engine import Engine, EngineError, Signal
from recado.domain.errors import Unavailable
from recado.domain.retries import TAKE_BACK_WINDOW
from recado.domain.terms import Terms
from recado.services.alarm import Alarm
from recado.services.bell import Bell
from recado.services.commands import Commands
from recado.services.rights import Rights
from recado.services.roster import Roster
from recado.store import instances, leases, observations, timeline
from recado.store.database import Database, Tx
from recado.telemetry import ENGINE_DOWN

from .health import CHECK_EVERY, Health
from .holdings import Holdings
from .items import Begin, Look, Order
from .orders import ORDERS
from .recorder import Lost, Recorder
from .session import Parts, Session
from .stagger import Stagger
from .trials import Trials

_HANGS_UP_WITHIN: Final = 3.0
_WRITES_WITHIN: Final = 2.0

log = structlog.get_logger()


class Lifecycle:
    """Brings every instance of one engine from what is to what is wanted.

    `holder` names this worker in the leases. One that keeps its name takes back at once what it held when it died;
    never give one name to two that live.
    """

    def __init__(
        self,
        database: Database,
        engine: Engine,
        clock: Clock,
        bell: Bell,
        *,
        holder: UUID | None = None,
        check_every: timedelta = CHECK_EVERY,
        rights: Rights | None = None,
        terms: Terms | None = None,
        commands: Commands | None = None,
    ) -> None:
        self.roster = Roster()
        self.engine = engine
        self._database = database
        self._clock = clock
        self._holder = holder or clock.new_id()
        self._recorder = Recorder(database, clock, bell, rights)
        self._sessions: dict[UUID, Session] = {}
        self._alarm = Alarm(clock)
        self._looking = asyncio.Lock()
        self._is_host_up = False
        self._tasks: asyncio.TaskGroup | None = None
        self._has_returned = False
        self._commands = commands
        self._terms = terms or Terms()
        self._holdings = Holdings(engine, clock, self._recorder, self._sessions, self._terms)
        self._trials = Trials(clock, self._sessions)
        self.health = Health(engine, clock, self._recorder, self._sessions, check_every)
        self._parts = Parts(
            engine=engine,
            clock=clock,
            recorder=self._recorder,
            roster=self.roster,
            dialing=Stagger(),
            chance=Random(self._holder.int),
        )

    async def run(self) -> None:
        """Live until cancelled; what was live is then hung up, said so and given up."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._tasks.create_task(self._recorder.run())
                self._tasks.create_task(self.health.run())
                self._tasks.create_task(self._holdings.run())
                self._tasks.create_task(self._trials.run())
                if self._commands is not None:
                    self._tasks.create_task(self._commands.run(self._asked))
                await self._find_host()
                while True:
                    await self._look()
                    await self._alarm.wait(self._clock.now() + self._terms.renew_every)
        finally:
            self._tasks = None
            await self._leave()

    def signal(self, signal: Signal) -> None:
        """Pass on what the engine says; never blocks, never raises."""
        if signal.type in ("host_up", "host_down"):
            self._is_host_up = signal.type == "host_up"
        for session in self._meant(signal.session):
            if signal.type != "host_up" or not self._trials.holds_back(session):
                session.post(signal)
        if signal.type == "host_down":
            ENGINE_DOWN.labels(engine=self.engine.name).inc()
            self._trials.fell(signal)
        elif signal.type == "host_up":
            self._trials.rose()

    def wake(self, instance_id: UUID) -> None:
        """Somebody has wished for something, or created it."""
        session = self._sessions.get(instance_id)
        if session is not None:
            session.post(Look())
        else:
            self._alarm.ring()

    async def order(self, instance_id: UUID, name: str, **params: Any) -> dict[str, Any]:
        """Have the instance's session carry out one of `orders.ORDERS`, in its turn, wherever it runs; its answer.

        Raises Unavailable when nobody has the instance, and whatever the order raises.
        """
        if instance_id not in self._sessions and self._tasks is not None:
            await self._look()
        with contextlib.suppress(Lost):
            return await self._carry_out(instance_id, name, params)
        if self._commands is None:
            raise _held_elsewhere()
        return await self._commands.ask(instance_id, name, params)

    async def _asked(self, instance_id: UUID, name: str, params: dict[str, Any]) -> dict[str, Any]:
        """An order of another process."""
        try:
            return await self._carry_out(instance_id, name, params)
        except Lost:
            raise _held_elsewhere() from None

    async def _carry_out(self, instance_id: UUID, name: str, params: dict[str, Any]) -> dict[str, Any]:
        """Raises Lost when no session of this process has it, or has it any more."""
        session = self._sessions.get(instance_id)
        if session is None or self._tasks is None:
            raise Lost
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        session.post(Order(work=lambda session: ORDERS[name](session, **params), answer=answer))
        return await answer

    async def _find_host(self) -> None:
        try:
            await self.engine.sessions()
        except EngineError:
            return
        self._is_host_up = True

    async def _look(self) -> None:
        """Take what nobody holds, and heed wishes of which nobody told."""
        async with self._looking:
            asked_at = self._holdings.now()
            try:
                async with self._database.transaction() as tx:
                    returning = None if self._has_returned else self._holder
                    wishes = await observations.wishes(tx, self.engine.name, returning=returning)
                    free = [wish.id for wish in wishes if wish.is_free and wish.id not in self._sessions]
                    taken = await self._take_over(tx, free) if free else []
            except Unavailable as error:
                log.warning("lifecycle.database_away", error=error.detail)
                return
            except Exception:
                log.exception("lifecycle.look_failed")
                return
            self._has_returned = True
            self._holdings.granted(taken, asked_at)
            for session in taken:
                self._begin(session)
        for wish in wishes:
            held = self._sessions.get(wish.id)
            if held is not None and wish.wanted_at > held.instance.wanted_at:
                held.post(Look())

    async def _take_over(self, tx: Tx, free: list[UUID]) -> list[Session]:
        """Lease them and put their status right at once, whatever becomes of them next."""
        now = self._clock.now()
        fences = await leases.acquire(tx, "instance", free, holder=self._holder, duration=self._terms.lease)
        taken_back = await timeline.times_of(tx, fences, life.TAKEN_BACK, now - TAKE_BACK_WINDOW)
        sessions = [
            Session(row, fences[row.id], tuple(taken_back.get(row.id, ())), self._parts)
            for row in await instances.get_all(tx, fences)
        ]
        states = {session.instance.id: (session.fence, session.observed.state) for session in sessions}
        await observations.correct(tx, states, now)
        return sorted(sessions, key=lambda session: free.index(session.instance.id))

    def _begin(self, session: Session) -> None:
        if self._tasks is None:
            return
        self._sessions[session.instance.id] = session
        self._recorder.adopt(session.instance.id, session.fence, session.observed.state)
        if self._is_host_up and not self._trials.holds_back(session):
            session.post(Begin())
        self._tasks.create_task(self._live(session))

    async def _live(self, session: Session) -> None:
        """One session to its end; its trouble is its own."""
        try:
            await session.run()
        except Lost:
            log.warning("instance.lease_lost", instance=session.instance.instance_name)
        except Exception:
            log.exception("instance.trouble", instance=session.instance.instance_name)
        id = session.instance.id
        self.roster.leave(id)
        self._recorder.forget(id)
        self._holdings.forget(id)
        self._sessions.pop(id, None)
        session.refuse_orders(Lost())
        await self.engine.stop(session.name, session.fence)
        await self._recorder.persist(lambda tx: leases.release(tx, "instance", id, session.fence), rings=False)

    async def _leave(self) -> None:
        """The end of this worker: hang up, say that nothing is live any more, give the leases up."""
        sessions = list(self._sessions.values())
        self._sessions.clear()
        for session in sessions:
            self.roster.leave(session.instance.id)
            session.refuse_orders(_held_elsewhere())
        await self._hang_up(sessions)
        now = self._clock.now()
        try:
            async with asyncio.timeout(_WRITES_WITHIN):
                await self._recorder.record_last(
                    [(one.instance, one.fence, life.leave(one.observed, now)) for one in sessions]
                )
        except (Unavailable, TimeoutError) as error:
            log.warning("lifecycle.left_unsaid", error=str(error), instances=len(sessions))

    async def _hang_up(self, sessions: list[Session]) -> None:
        """What an engine that hangs does not close ends with it, for it is ended next."""
        try:
            async with asyncio.timeout(_HANGS_UP_WITHIN):
                await asyncio.gather(*(self.engine.stop(session.name, session.fence) for session in sessions))
        except TimeoutError:
            log.warning("lifecycle.not_hung_up", engine=self.engine.name, instances=len(sessions))

    def _meant(self, name: str) -> list[Session]:
        """The sessions that a signal is about: the one of that name, or all when it names none."""
        if not name:
            return list(self._sessions.values())
        try:
            return [self._sessions[UUID(name)]]
        except (ValueError, KeyError):
            return []


def _held_elsewhere() -> Unavailable:
    return Unavailable(
        "instance_not_held",
        "No worker of this process looks after that instance right now.",
        hint="Try again in some seconds.",
    )
