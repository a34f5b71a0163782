"""Traffic both ways: people write to the instances, a program sends through whichever Recado answers."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import aiohttp

from recado.domain.errors import RecadoError
from recado_simulator.contact import Contact
from tests.chaos.stage import WRITERS, Line, Stage
from tests.stories.product import Product

PATIENCE = 8.0  # seconds that the program waits for an answer before it asks the other one
EVERY = (2.5, 6.5)  # seconds between two messages of one side of a chat
AWAY = (OSError, TimeoutError, aiohttp.ClientError, RuntimeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What the API said of a message: it will go to that person under this id."""

    wa_id: str
    text: str
    line: Line
    contact: Contact


@dataclass(slots=True, kw_only=True, eq=False)
class Traffic:
    """All that was written, and all that was accepted, in its order. `answers` counts what the API said otherwise."""

    stage: Stage
    chance: Random
    written: list[tuple[Line, str]] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    offences: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    resting: set[str] = field(default_factory=set)
    """The names of instances through which the program sends nothing for now."""

    async def run(self) -> None:
        """Until it is `over`; what was asked then is still waited for."""
        async with asyncio.TaskGroup() as tasks:
            for line in self.stage.lines:
                for contact in line.contacts[:WRITERS]:
                    tasks.create_task(self._write(line, contact, Random(self.chance.random())))
                    tasks.create_task(self._send(line, contact, Random(self.chance.random())))

    async def greet(self) -> None:
        """Everybody writes once."""
        for line in self.stage.lines:
            for contact in line.contacts:
                await self.write(line, contact, "Oi!")

    async def write(self, line: Line, contact: Contact, text: str) -> str:
        """One message of a person; its id."""
        id = await contact.send_text(line.phone, text)
        self.written.append((line, id))
        return id

    async def send(self, line: Line, contact: Contact, text: str) -> Accepted:
        """One message through the API, asked for again under its key until somebody has accepted it."""
        body, workers = {"to": "+" + contact.phone, "text": text}, list(self.stage.workers)
        for tries in count():
            answer = await self._ask(workers[tries % len(workers)], line, body, key=text)
            if answer is not None:
                break
            await asyncio.sleep(min(0.2 * 2**tries, 2))
        accepted = Accepted(wa_id=answer["wa_id"], text=text, line=line, contact=contact)
        self.accepted.append(accepted)
        return accepted

    async def _ask(self, worker: Product, line: Line, body: dict[str, str], key: str) -> dict[str, Any] | None:
        try:
            async with asyncio.timeout(PATIENCE):
                path = f"/v1/instances/{line.name}/messages"
                return await worker.call("POST", path, body, headers={"Idempotency-Key": key})
        except RecadoError as error:
            self.answers[error.code] += 1
            if error.status != 503:
                self.offences.append(f"the API answered {error.status} {error.code}: {error.detail}")
        except AWAY as error:
            self.answers[type(error).__name__] += 1
        return None

    async def _write(self, line: Line, contact: Contact, chance: Random) -> None:
        n = 0
        while await self._goes_on(chance):
            await self.write(line, contact, f"{contact.phone} writes {(n := n + 1)}")

    async def _send(self, line: Line, contact: Contact, chance: Random) -> None:
        n = 0
        while await self._goes_on(chance):
            if line.name not in self.resting:
                await self.send(line, contact, f"{line.name} to {contact.phone} {(n := n + 1)}")

    async def _goes_on(self, chance: Random) -> bool:
        """After a pause, as people make them; False once it is over."""
        try:
            async with asyncio.timeout(chance.uniform(*EVERY)):
                await self.over.wait()
        except TimeoutError:
            return True
        return False
