"""Keeps out the session that brings the engine down: who is suspected starts alone, who is guilty starts no more."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain.blame import OWN_DOING, Blame
from recado.domain.engine import Signal

from .items import Guilty
from .session import Session

TRIAL_FOR: Final = timedelta(seconds=15)
_LOOKS_EVERY: Final = timedelta(milliseconds=100)
_UNDER_WAY: Final = frozenset({"starting", "pairing", "syncing"})

log = structlog.get_logger()


class Trials:
    """Told of every `host_down` and `host_up`. `run` starts the suspects, one after the other."""

    def __init__(self, clock: Clock, sessions: Mapping[UUID, Session]) -> None:
        self._clock = clock
        self._sessions = sessions
        self._blame = Blame()
        self._is_up = False
        self._rose = asyncio.Event()

    def holds_back(self, session: Session) -> bool:
        """Whether it must not be started with the others."""
        return self._blame.holds_back(session.name)

    def fell(self, signal: Signal) -> None:
        """The engine is gone."""
        self._is_up = False
        if signal.data.get("cause") not in OWN_DOING:
            return
        guilty = self._blame.crashed(signal.data.get("suspects") or (), self._clock.now())
        session = self._named(guilty)
        if session is not None:
            log.error("instance.brings_engine_down", instance=session.instance.instance_name)
            session.post(Guilty())

    def rose(self) -> None:
        """The engine is there."""
        self._is_up = True
        self._rose.set()

    async def run(self) -> None:
        while True:
            await self._rose.wait()
            self._rose.clear()
            while self._is_up and (name := self._blame.next_to_try()) is not None:
                await self._try(name)

    async def _try(self, name: str) -> None:
        session = self._named(name)
        if session is not None:
            log.warning("instance.on_trial", instance=session.instance.instance_name)
            dial = session.dial
            session.post(Signal(session="", fence=0, type="host_up", at=self._clock.now()))
            await self._verdict(session, dial)
        if self._is_up:
            self._blame.acquit(name)

    async def _verdict(self, session: Session, dial: int) -> None:
        """Wait until it has come through a newer dial, the engine has fallen, or nothing more is to be expected."""
        until = self._clock.now() + TRIAL_FOR
        while self._is_up and self._clock.now() < until:
            if session.dial != dial and session.observed.state not in _UNDER_WAY:
                return
            await self._clock.sleep(_LOOKS_EVERY)

    def _named(self, name: str | None) -> Session | None:
        try:
            return self._sessions.get(UUID(name)) if name is not None else None
        except ValueError:
            return None
