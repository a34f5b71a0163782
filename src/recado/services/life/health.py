"""The look every 30 s: what the engine shows of each session, and a round trip on the wire for those connected."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain.engine import Engine, EngineError, Probe
from recado.domain.life import PROBE_TIMEOUT
from recado.domain.states import ONLINE

from .items import Probed, Seen
from .recorder import Recorder
from .session import Session

CHECK_EVERY: Final = timedelta(seconds=30)

log = structlog.get_logger()


class Health:
    """Looks at the sessions that are in `sessions` when the time comes."""

    def __init__(
        self, engine: Engine, clock: Clock, recorder: Recorder, sessions: Mapping[UUID, Session], every: timedelta
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._recorder = recorder
        self._sessions = sessions
        self._every = every

    async def run(self) -> None:
        due = self._clock.now()
        while True:
            due = max(due + self._every, self._clock.now())
            await self._clock.sleep(due - self._clock.now())
            try:
                await self.check()
            except Exception:
                log.exception("lifecycle.check_failed")

    async def check(self) -> None:
        """One look at all of them; what it shows is theirs to judge."""
        await self._compare()
        sessions = list(self._sessions.values())
        proven = await asyncio.gather(*(self._prove(session) for session in sessions))
        await self._recorder.confirm(
            [session.instance.id for session, is_proven in zip(sessions, proven, strict=True) if is_proven]
        )

    async def _compare(self) -> None:
        versions = [(session, session.version) for session in self._sessions.values()]
        try:
            shown = {snapshot.session: snapshot for snapshot in await self._engine.sessions()}
        except EngineError as error:
            log.warning("lifecycle.engine_away", engine=self._engine.name, error=str(error))
            return
        for session, version in versions:
            session.post(Seen(snapshot=shown.get(session.name), version=version))

    async def _prove(self, session: Session) -> bool:
        """Probe a session that is connected; True when its state is as it was."""
        if session.observed.state not in ONLINE:
            return True
        sent_at, dial = self._clock.now(), session.dial
        answer = await probe(session)
        session.post(Probed(probe=answer, sent_at=sent_at, dial=dial))
        return answer is not None


async def probe(session: Session) -> Probe | None:
    """A round trip on the wire; None when there was none."""
    try:
        return await session.parts.engine.probe(
            session.name, session.fence, timeout_ms=PROBE_TIMEOUT // timedelta(milliseconds=1)
        )
    except EngineError:
        return None
