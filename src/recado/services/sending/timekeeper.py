"""Looks at the queue for what time brings: appointments come due, messages expire, something was overlooked."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain.errors import Unavailable
from recado.domain.tellings import message_event
from recado.services.alarm import Alarm
from recado.services.bell import Bell
from recado.services.names import Names
from recado.services.roster import Roster
from recado.store import appointments, identities, log, messages, queue
from recado.store.database import Database, Tx

EVERY: Final = timedelta(seconds=5)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What is done with what is found: `wake` an instance's sending, `withdraw` a message from it."""

    wake: Callable[[UUID], None]
    withdraw: Callable[[UUID, UUID], None]


class Timekeeper:
    """`run` looks at every moment at which something is due, and every 5 s for what another process has accepted."""

    def __init__(self, database: Database, roster: Roster, clock: Clock, bell: Bell, hands: Hands) -> None:
        self._database = database
        self._roster = roster
        self._clock = clock
        self._bell = bell
        self._hands = hands
        self._names = Names(clock)
        self._alarm = Alarm(clock)

    def ring(self) -> None:
        """Something was accepted that waits for a time."""
        self._alarm.ring()

    async def run(self) -> None:
        while True:
            next_at = self._clock.now() + EVERY
            try:
                next_at = min(next_at, await self.look() or next_at)
            except Unavailable as error:
                _log.warning("timekeeper.database_away", error=error.detail)
            except Exception:
                _log.exception("timekeeper.failed")
            await self._alarm.wait(next_at)

    async def look(self) -> datetime | None:
        """Do what is due; when the next thing is. Raises Unavailable."""
        async with self._database.transaction() as tx:
            due = await appointments.due(tx, self._clock.now())
            waiting = await queue.with_rows(tx, self._roster.connected())
        if due.instances:
            await self._act(due.instances)
        for instance_id in waiting:
            self._hands.wake(instance_id)
        return due.next_at

    async def _act(self, instance_ids: list[UUID]) -> None:
        now = self._clock.now()
        async with self._database.transaction(locks=identities.locks(instance_ids)) as tx:
            gone = await appointments.expire(tx, instance_ids, now)
            begun = await appointments.begin(tx, instance_ids, now)
            told = await self._tell(tx, gone, instance_ids, now)
        if told:
            self._bell.ring()
        for message_id, instance_id in told.items():
            self._hands.withdraw(instance_id, message_id)
        for instance_id in begun:
            self._hands.wake(instance_id)

    async def _tell(self, tx: Tx, gone: list[UUID], instance_ids: Collection[UUID], now: datetime) -> dict[UUID, UUID]:
        """The instance of each message that was given up, which is told."""
        if not gone:
            return {}
        names = await self._names.of(tx, set(instance_ids))
        rows = await messages.by_ids(tx, gone)
        log.append_last(
            tx,
            [
                message_event(row, id=self._clock.new_id(), instance_name=names[row.instance_id], time=now)
                for row in rows.values()
                if row.instance_id in names
            ],
        )
        return {row.id: row.instance_id for row in rows.values()}
