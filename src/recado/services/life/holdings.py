"""Keeps the leases of one worker, and ends what it may not hold any longer: it must never run beside its successor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from uuid import UUID

import structlog

from recado.clock import Clock, uptime
from recado.domain.engine import Engine, Leased, Signal
from recado.domain.terms import Terms

from .items import Yield
from .recorder import Recorder
from .session import Session

_LOOKS: Final = 20  # at the leases, while one lasts

log = structlog.get_logger()


class Holdings:
    """`sessions` are those that the worker runs; what they hold is measured from before the lease was asked for."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        recorder: Recorder,
        sessions: Mapping[UUID, Session],
        terms: Terms,
        *,
        uptime: Callable[[], float] = uptime,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._recorder = recorder
        self._sessions = sessions
        self._terms = terms
        self._uptime = uptime
        self._until: dict[UUID, float] = {}

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep())
            tasks.create_task(self._watch())

    def now(self) -> float:
        """When something is asked for, for `granted`."""
        return self._uptime()

    def granted(self, sessions: Iterable[Session], asked_at: float) -> None:
        """These have a whole lease, counted from then."""
        until = asked_at + self._terms.lease.total_seconds()
        for session in sessions:
            self._until[session.instance.id] = until
            if isinstance(self._engine, Leased):
                self._engine.lease(session.name, session.fence, until)

    def forget(self, instance_id: UUID) -> None:
        self._until.pop(instance_id, None)

    async def renew(self) -> None:
        """Renew them all; what is another's now is let go."""
        held = dict(self._sessions)
        if not held:
            return
        fences = {id: session.fence for id, session in held.items()}
        asked_at, kept = await self._recorder.renew(fences, self._terms.lease, self._uptime)
        current = [session for id, session in held.items() if self._sessions.get(id) is session]
        self.granted((session for session in current if session.instance.id in kept), asked_at)
        for session in current:
            if session.instance.id not in kept:
                session.post(Yield())

    async def _keep(self) -> None:
        while True:
            await self._clock.sleep(self._terms.renew_every)
            try:
                await self.renew()
            except Exception:
                log.exception("lifecycle.renewal_failed")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._terms.lease.total_seconds() / _LOOKS)
            now = self._uptime()
            over = [session for id, session in self._sessions.items() if self._until.get(id, now) < now]
            async with asyncio.TaskGroup() as tasks:
                for session in over:
                    self.forget(session.instance.id)
                    tasks.create_task(self._end(session))

    async def _end(self, session: Session) -> None:
        """Its turn may be long in coming, for it may be writing to a database that is away: hang up at once."""
        log.warning("instance.lease_over", instance=session.instance.instance_name)
        await self._engine.stop(session.name, session.fence)
        session.post(
            Signal(
                session=session.name,
                fence=session.fence,
                type="closed",
                at=self._clock.now(),
                data={"cause": "lease_expired"},
            )
        )
