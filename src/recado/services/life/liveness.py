"""Notices a connection that answers and brings nothing: asks, connects anew, and says so (docs/decisions/life.md)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain import liveness as rules
from recado.domain.errors import RecadoError, Unavailable
from recado.domain.instances import id_of
from recado.domain.sync import Heard
from recado.services.roster import Roster
from recado.store import traffic
from recado.store.database import Database

from .phones import Orders

LOOKS_EVERY: Final = timedelta(minutes=1)
WRITES_EVERY: Final = timedelta(minutes=10)
_PATIENCE: Final = 30.0

log = structlog.get_logger()


@dataclass(slots=True)
class _Silence:
    """One that began at `since`; it is not believed any longer from `due` on, unless the phone answers after that."""

    since: datetime
    due: datetime | None
    asked_at: datetime | None = None


class Liveness:
    """Told of all that is heard. `ask` asks the phone of an instance for a sign, which comes the way messages come."""

    def __init__(
        self,
        database: Database,
        roster: Roster,
        clock: Clock,
        orders: Orders,
        ask: Callable[[UUID, int], Awaitable[None]],
    ) -> None:
        self._database = database
        self._roster = roster
        self._clock = clock
        self._orders = orders
        self._ask = ask
        self._heard_at: dict[UUID, datetime] = {}
        self._minutes: dict[UUID, datetime] = {}
        self._counted: Counter[tuple[UUID, datetime]] = Counter()
        self._silences: dict[UUID, _Silence] = {}
        self._reconnected: dict[UUID, datetime] = {}
        self._worried: set[UUID] = set()
        self._written_at = clock.now()
        self._looking = asyncio.Lock()
        roster.hear(self._came)

    def heard(self, heard: Heard) -> None:
        """The network has brought something."""
        id = id_of(heard.session)
        if id is None or not rules.is_pushed(heard):
            return
        now = self._clock.now()
        self._heard_at[id] = now
        self._reconnected.pop(id, None)
        minute = now.replace(second=0, microsecond=0)
        if rules.is_usual(heard) and self._minutes.get(id) != minute:
            self._minutes[id] = minute
            self._counted[id, rules.hour_of(now)] += 1

    async def run(self) -> None:
        while True:
            await self._clock.sleep(LOOKS_EVERY)
            try:
                await self.look()
            except Unavailable as error:
                log.warning("liveness.database_away", error=error.detail)
            except Exception:
                log.exception("liveness.failed")

    async def look(self) -> None:
        """Once: ask where a silence is odd, act where it stays so. Raises Unavailable."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        now, fences = self._clock.now(), self._roster.connected()
        if now - self._written_at >= WRITES_EVERY:
            await self._write(now)
        await self._judge(fences, now)
        async with asyncio.TaskGroup() as tasks:
            for id, fence in fences.items():
                if id in self._worried and id not in self._reconnected:
                    tasks.create_task(self._relieve(id))
                silence = self._silences.get(id)
                if silence is not None and silence.due is not None and silence.due <= now:
                    tasks.create_task(self._doubt(id, fence, silence, now))

    def _came(self, id: UUID) -> None:
        """A new login: whatever was kept for it comes now, so a silence begins anew."""
        self._heard_at[id] = self._clock.now()

    async def _write(self, now: datetime) -> None:
        counted, self._counted = self._counted, Counter()
        try:
            async with self._database.transaction() as tx:
                await traffic.add(tx, counted)
                await traffic.forget(tx, now - rules.REMEMBERED)
        except BaseException:
            self._counted += counted
            raise
        self._written_at = now

    async def _judge(self, fences: Mapping[UUID, int], now: datetime) -> None:
        """Of each silence that has become long enough: when it is to be doubted. Raises Unavailable."""
        for id in list(self._silences):
            if id not in fences or self._silences[id].since != self._heard_at.get(id):
                del self._silences[id]
        new = {id: self._heard_at.setdefault(id, now) for id in fences.keys() - self._silences.keys()}
        new = {id: since for id, since in new.items() if now - since >= rules.SHORTEST}
        if not new:
            return
        async with self._database.transaction() as tx:
            usual = await traffic.of(tx, new.keys())
        for id, since in new.items():
            self._silences[id] = _Silence(since, rules.doubtful_at(usual[id], since))

    async def _doubt(self, id: UUID, fence: int, silence: _Silence, now: datetime) -> None:
        """First the phone is asked; what it answers ends the silence."""
        if silence.asked_at is None:
            silence.asked_at = now
            await self._ask(id, fence)
        elif now - silence.asked_at >= rules.ANSWER_WITHIN:
            await self._patiently(id, self._act(id, silence, now))

    async def _act(self, id: UUID, silence: _Silence, now: datetime) -> None:
        """Connect anew, which heals or proves it; when the last new connection has brought nothing either, say so."""
        before = self._reconnected.get(id)
        if before is not None:
            await self._orders(id, "worry", concern="nothing_comes")
            self._worried.add(id)
        if before is None or now - before >= rules.RECONNECTS_EVERY:
            log.warning("instance.nothing_heard", instance=str(id), silence=rules.spoken(now - silence.since))
            await self._orders(id, "doubt", seconds=(now - silence.since).total_seconds())
            self._reconnected[id] = now
        else:
            silence.due, silence.asked_at = before + rules.RECONNECTS_EVERY, None

    async def _relieve(self, id: UUID) -> None:
        async def say() -> None:
            await self._orders(id, "relieve", over=["nothing_comes"])
            self._worried.discard(id)

        await self._patiently(id, say())

    async def _patiently(self, id: UUID, work: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await work
        except (RecadoError, TimeoutError) as error:
            log.info("liveness.untold", instance=str(id), error=str(error))
