"""Calls for an instance reach the process that looks after it: rows in the database, a doorbell, an answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain import answers
from recado.domain.errors import Unavailable
from recado.store import commands, rings
from recado.store.commands import Command
from recado.store.database import Database

from .alarm import Alarm
from .doorbell import Doorbell
from .patience import patiently

Perform = Callable[[UUID, str, dict[str, Any]], Awaitable[dict[str, Any]]]
"""Do what is asked of an instance that this process holds. Its result has to be JSON; it may raise RecadoError."""

LOOKS_EVERY: Final = timedelta(seconds=5)
BEGINS_WITHIN: Final = timedelta(seconds=30)
ENDS_WITHIN: Final = timedelta(seconds=90)
_ASKS_EVERY: Final = timedelta(seconds=1)

log = structlog.get_logger()


class Commands:
    """`ask` for what others hold, `run` to do what others ask for."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        doorbell: Doorbell,
        *,
        holder: UUID,
    ) -> None:
        self._database = database
        self._clock = clock
        self._holder = holder
        self._alarm = Alarm(clock)
        self._answered: dict[UUID, asyncio.Event] = {}
        self._offered: dict[str, Perform] = {}
        doorbell.hear("command", lambda _: self._alarm.ring())
        doorbell.hear("answer", self._answer_came)

    def offer(self, name: str, perform: Perform) -> None:
        """Commands of that name are performed so; all others as `run` is told."""
        self._offered[name] = perform

    async def is_held_elsewhere(self, instance_id: UUID) -> bool:
        """Whether another process looks after the instance. Raises Unavailable."""
        async with self._database.glance() as tx:
            return await commands.is_held_by_another(tx, instance_id, self._holder)

    async def ask(
        self,
        instance_id: UUID,
        name: str,
        params: dict[str, Any],
        *,
        begins_within: timedelta = BEGINS_WITHIN,
        ends_within: timedelta = ENDS_WITHIN,
    ) -> dict[str, Any]:
        """Have it done by whoever holds the instance, and wait for the result.

        Raises the error that it came to, and Unavailable when nobody begins it (then nothing is done any more) or no
        answer comes (then it may have been done).
        """
        command = Command(id=self._clock.new_id(), instance_id=instance_id, name=name, params=params)
        with self._waiting(command.id) as answered:
            async with self._database.transaction() as tx:
                await commands.add(tx, command, within=begins_within)
                await rings.ring(tx, "command", instance_id)
            answer = await self._answer(command.id, answered, begins_within)
            if answer is None:
                if await self._withdraw(command.id):
                    raise _not_begun()
                answer = await self._answer(command.id, answered, ends_within)
        if answer is None:
            raise _no_answer()
        return answers.result_of(answer)

    async def run(self, perform: Perform) -> None:
        async with asyncio.TaskGroup() as tasks:
            while True:
                for command in await self._claim():
                    tasks.create_task(self._perform(command, perform))
                await self._alarm.wait(self._clock.now() + LOOKS_EVERY)

    async def _claim(self) -> list[Command]:
        try:
            async with self._database.transaction() as tx:
                await commands.sweep(tx)
                return await commands.claim(tx, self._holder)
        except Unavailable:
            return []

    async def _perform(self, command: Command, perform: Perform) -> None:
        try:
            perform = self._offered.get(command.name, perform)
            said = answers.done(await perform(command.instance_id, command.name, command.params))
        except Exception as error:
            log.info("command.failed", command=command.name, instance=str(command.instance_id), error=repr(error))
            said = answers.failed(error)
        await patiently(self._clock, "command", lambda: self._say(command.id, said))

    async def _say(self, id: UUID, said: dict[str, Any]) -> None:
        async with self._database.transaction() as tx:
            await commands.answer(tx, id, said)
            await rings.ring(tx, "answer", id)

    async def _answer(self, id: UUID, answered: asyncio.Event, patience: timedelta) -> dict[str, Any] | None:
        until = self._clock.now() + patience
        while True:
            async with self._database.transaction() as tx:
                answer = await commands.take_answer(tx, id)
            left = until - self._clock.now()
            if answer is not None or left <= timedelta(0):
                return answer
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, _ASKS_EVERY).total_seconds()):
                    await answered.wait()
            answered.clear()

    async def _withdraw(self, id: UUID) -> bool:
        async with self._database.transaction() as tx:
            return await commands.withdraw(tx, id)

    @contextlib.contextmanager
    def _waiting(self, id: UUID) -> Iterator[asyncio.Event]:
        self._answered[id] = asyncio.Event()
        try:
            yield self._answered[id]
        finally:
            del self._answered[id]

    def _answer_came(self, id: UUID) -> None:
        if id in self._answered:
            self._answered[id].set()


def _not_begun() -> Unavailable:
    return Unavailable(
        "instance_not_answering",
        "The Recado that looks after that instance does not answer; nothing was done.",
        hint="Look how it is now, and try again.",
    )


def _no_answer() -> Unavailable:
    return Unavailable(
        "outcome_unknown",
        "The Recado that looks after that instance has begun it and not answered; it may have been done.",
        hint="Look how it is now before you try again.",
    )
