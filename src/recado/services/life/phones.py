"""The phones behind the linked devices: their last signs are kept, and a long silence is told before WhatsApp acts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain import phones as rules
from recado.domain.concerns import Concern
from recado.domain.engine import Engine, EngineError
from recado.domain.errors import RecadoError, Unavailable
from recado.domain.instances import id_of
from recado.domain.liveness import ANSWER_WITHIN
from recado.domain.sync import Heard, PhoneSource
from recado.services.alarm import Alarm
from recado.services.roster import Roster
from recado.store import phones as store
from recado.store.database import Database
from recado.store.phones import Phone

LOOKS_EVERY: Final = timedelta(hours=1)
_PATIENCE: Final = 30.0

log = structlog.get_logger()


class Orders(Protocol):
    """Has an instance's session do something in its turn (`lifecycle.order`). Raises Unavailable."""

    def __call__(self, instance_id: UUID, name: str, **params: Any) -> Awaitable[dict[str, Any]]: ...


class Phones:
    """Told of all that is heard. A silent phone is asked for a sign before anything is said of it."""

    def __init__(self, database: Database, engine: Engine, roster: Roster, clock: Clock, orders: Orders) -> None:
        self._database = database
        self._engine = engine
        self._roster = roster
        self._clock = clock
        self._orders = orders
        self._signs: dict[UUID, datetime] = {}
        self._linked: set[UUID] = set()
        self._asked: dict[UUID, datetime] = {}
        self._warned: set[UUID] = set()
        self._alarm = Alarm(clock)
        self._looking = asyncio.Lock()
        roster.hear(lambda _: self._alarm.ring())

    def heard(self, heard: Heard) -> None:
        """It may be a sign of the phone."""
        at, id = rules.sign_of(heard), id_of(heard.session)
        if at is not None and id is not None:
            self._note(id, at)

    def paired(self, instance_id: UUID) -> None:
        """A phone has just been linked: it was there, and what was told of another one is over."""
        self._linked.add(instance_id)
        self._note(instance_id, self._clock.now())

    async def ask(self, instance_id: UUID, fence: int) -> None:
        """Ask the phone for a sign. Never raises; no answer is one, too."""
        self._asked[instance_id] = self._clock.now()
        if not isinstance(self._engine, PhoneSource):
            return
        try:
            await self._engine.ask_phone(str(instance_id), fence)
        except EngineError as error:
            log.info("phone.not_asked", instance=str(instance_id), kind=error.kind, error=str(error))

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except Unavailable as error:
                log.warning("phones.database_away", error=error.detail)
            except Exception:
                log.exception("phones.failed")
            await self._alarm.wait(self._next_look())

    async def look(self) -> None:
        """Write down the signs, and say of each phone that is silent what there is to say. Raises Unavailable."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        fences, now = self._roster.connected(), self._clock.now()
        phones = await self._kept(fences, now)
        self._warned = {phone.id for phone in phones if phone.told}
        async with asyncio.TaskGroup() as tasks:
            for phone in phones:
                if rules.is_to_be_asked(phone.seen_at, self._asked.get(phone.id), now):
                    tasks.create_task(self.ask(phone.id, fences[phone.id]))
        async with asyncio.TaskGroup() as tasks:
            for phone in phones:
                if phone.told or self._warning(phone, now):
                    tasks.create_task(self._tell(phone, now))

    def _note(self, id: UUID, at: datetime) -> None:
        at = min(at, self._clock.now())
        self._signs[id] = max(at, self._signs.get(id, at))
        if id in self._warned or id in self._linked:
            self._alarm.ring()

    async def _kept(self, fences: Mapping[UUID, int], now: datetime) -> list[Phone]:
        signs, self._signs, linked, self._linked = self._signs, {}, self._linked, set()
        try:
            async with self._database.transaction() as tx:
                await store.see(tx, signs)
                for id in linked:
                    await store.tell(tx, id, None)
                return await store.of(tx, fences.keys(), now)
        except BaseException:
            self._linked |= linked
            for id, at in signs.items():
                self._signs[id] = max(at, self._signs.get(id, at))
            raise

    def _warning(self, phone: Phone, now: datetime) -> Concern | None:
        """What its silence has come to, once it has been asked and has had the time to answer."""
        asked_at = self._asked.get(phone.id)
        if asked_at is None or asked_at <= phone.seen_at or now - asked_at < ANSWER_WITHIN:
            return None
        return rules.warning(phone.seen_at, now)

    async def _tell(self, phone: Phone, now: datetime) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._say(phone, now)
        except (RecadoError, TimeoutError) as error:
            log.info("phone.untold", instance=str(phone.id), error=str(error))

    async def _say(self, phone: Phone, now: datetime) -> None:
        """In an earlier life of this process or another one it may have been told; then it is shown only."""
        due = self._warning(phone, now)
        if phone.told is not None:
            await self._orders(phone.id, "worry", concern=phone.told, is_new=False)
        if due == phone.told or (due is None and rules.warning(phone.seen_at, now)):
            return
        if due is None:
            answer = await self._orders(phone.id, "relieve", over=list(rules.WARNINGS))
        else:
            days = {"days": (now - phone.seen_at).days}
            answer = await self._orders(phone.id, "worry", concern=due, said=days)
        if answer["is_online"]:
            async with self._database.transaction() as tx:
                await store.tell(tx, phone.id, due)
            (self._warned.add if due else self._warned.discard)(phone.id)

    def _next_look(self) -> datetime:
        """In an hour; before, when one that was asked has had its time."""
        now = self._clock.now()
        answers = [at + ANSWER_WITHIN for at in self._asked.values() if at + ANSWER_WITHIN > now]
        return min([*answers, now + LOOKS_EVERY])
