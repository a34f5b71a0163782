"""Looks whether the database still keeps what Recado writes, and tells when somebody has turned it against its role."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain.errors import Unavailable
from recado.domain.events import DATABASE_BLOCKED, NewEvent
from recado.store import checks, rights
from recado.store import log as event_log
from recado.store.database import Database
from recado.store.rights import Trouble
from recado.store.urls import Finding
from recado.telemetry import EVENTS

from .alarm import Alarm
from .bell import Bell

LOOKS_EVERY: Final = timedelta(seconds=30)

log = structlog.get_logger()


class Rights:
    """Row-level security that binds Recado makes its statements fail, so nothing is lost silently; this says why."""

    def __init__(self, database: Database, clock: Clock, bell: Bell) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._alarm = Alarm(clock)
        self._swallowed: dict[UUID, str] = {}

    def heard(self, swallowed: Mapping[UUID, str], kept: Collection[UUID]) -> None:
        """Writes to these instances, by name, touched no row; to those others they did."""
        before = dict(self._swallowed)
        self._swallowed = {id: name for id, name in before.items() if id not in kept} | dict(swallowed)
        if self._swallowed != before:
            self._alarm.ring()

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except Unavailable as error:
                log.warning("rights.database_away", error=error.detail)
            await self._alarm.wait(self._clock.now() + LOOKS_EVERY)

    async def look(self) -> None:
        """Once: what has changed since the last look is an event, a log line, and the doctor's. Raises Unavailable."""
        async with self._database.transaction() as tx:
            found, known = self._trouble(await checks.check_rights(tx)), await rights.noted(tx)
            if (found and found.sentence) == (known and known.sentence):
                return
            await rights.note(tx, found)
            await event_log.append(tx, [self._event(found)])
        EVENTS.labels(DATABASE_BLOCKED).inc()
        self._bell.ring()
        if found is None:
            log.info("database.free_again")
        else:
            log.error("database.blocked", code=found.code, what=found.sentence, hint=found.hint)

    def _trouble(self, findings: Collection[Finding]) -> Trouble | None:
        now = self._clock.now()
        for finding in findings:
            return Trouble(code=finding.code, sentence=finding.sentence, hint=finding.hint, since=now)
        if not self._swallowed:
            return None
        names = ", ".join(sorted(self._swallowed.values()))
        return Trouble(
            code="writes_swallowed",
            sentence=f"The database takes what Recado writes of {names} and keeps nothing of it.",
            hint="A trigger of public.whatsapp_instances swallows updates; `recado db adopt --dry-run` names them all.",
            since=now,
        )

    def _event(self, trouble: Trouble | None) -> NewEvent:
        said = (trouble.code, trouble.sentence, trouble.hint) if trouble else (None, None, None)
        return NewEvent(
            id=self._clock.new_id(),
            type=DATABASE_BLOCKED,
            time=self._clock.now(),
            instance_id=None,
            instance_name=None,
            data=dict(zip(("code", "detail", "hint"), said, strict=True)),
        )
