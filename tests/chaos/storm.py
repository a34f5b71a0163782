"""A storm: all tracks of a plan at once, the judges looking on, and the calm after it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from random import Random
from time import monotonic

import psycopg

from tests.chaos import blows, spells
from tests.chaos.judges import Judges
from tests.chaos.plan import BLOWS, Plan, Spell
from tests.chaos.stage import Stage
from tests.chaos.traffic import Traffic

LOOKS_EVERY = 1.0
CALM_GUARD = 400.0


class Offence(AssertionError):
    """A judge has found something."""


class Storm:
    """One run of a plan. `done` counts what was broken, `say` hears of each blow."""

    def __init__(self, here: Stage, plan: Plan, say: Callable[[str], None] = print) -> None:
        self.here = here
        self.plan = plan
        self.traffic = Traffic(stage=here, chance=Random(plan.seed))
        self.judges = Judges(here, self.traffic)
        self.done: Counter[str] = Counter()
        self.lasted = self.calmed = 0.0  # seconds
        self._say = say

    async def run(self) -> None:
        """Break everything, let it calm down, let the judges look at all of it. Raises Offence."""
        await self.traffic.greet()
        began = monotonic()
        await self._rage()
        self.lasted = monotonic() - began
        self._say(f"{self.lasted:6.1f} s  calm")
        await self._calm()
        if self.plan.wished is not None:
            await spells.wish(self.here, self.here.lines[self.plan.wished], "running")
            await self._calm()
        self.judges.offences += self.judges.sent.disorder()
        self._judge()
        self.calmed = monotonic() - began - self.lasted
        self._say(f"{self.lasted + self.calmed:6.1f} s  nothing is missing")

    async def until_caught(self) -> list[str]:
        """Only the blows, with judges who look on; what they found as soon as they find something."""
        await self.traffic.greet()
        striking = asyncio.ensure_future(self._strike())
        try:
            while not self.judges.offences:
                if striking.done():
                    striking.result()
                await self._look()
                await asyncio.sleep(0.05)
        finally:
            striking.cancel()
            await asyncio.wait([striking])
        return self.judges.offences

    async def _rage(self) -> None:
        """Until all blows are through, or the time is over and one round of them is."""
        async with asyncio.TaskGroup() as tasks:
            traffic = tasks.create_task(self.traffic.run())
            others = [
                tasks.create_task(self._watch()),
                tasks.create_task(self._endure(self.plan.moods, spells.mood)),
                tasks.create_task(self._endure(self.plan.faults, spells.fault)),
            ]
            timer = tasks.create_task(asyncio.sleep(self.plan.seconds))
            await self._strike()
            await timer
            for task in others:
                task.cancel()
            await asyncio.wait(others)
            self.here.network.faults.clear()
            self.traffic.over.set()
            await traffic

    async def _strike(self) -> None:
        began = monotonic()
        for n, blow in enumerate(self.plan.blows):
            is_late = monotonic() - began > self.plan.seconds
            if is_late and n >= len(BLOWS):
                return
            if n == len(BLOWS) // 2 and self.plan.wished is not None:
                await spells.wish(self.here, self.here.lines[self.plan.wished], "stopped")
            await asyncio.sleep(blow.pause)
            self._say(f"{monotonic() - began:6.1f} s  {blow.kind}")
            await blows.strike(self.here, self.traffic, blow)
            self.done[blow.kind] += 1

    async def _endure(self, spells: Iterable[Spell], each: Callable[[Stage, Spell], Awaitable[None]]) -> None:
        for spell in spells:
            await asyncio.sleep(spell.pause)
            await each(self.here, spell)
            self.done[spell.kind] += 1

    async def _watch(self) -> None:
        """Raises Offence as soon as one is found."""
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            await self._look()
            self._judge()

    async def _look(self) -> None:
        with suppress(psycopg.OperationalError):
            await self.judges.look()

    def _judge(self) -> None:
        if self.judges.offences:
            raise Offence(f"seed {self.plan.seed}:\n" + "\n".join(self.judges.offences[:20]))

    async def _calm(self) -> None:
        """Wait until nothing is missing. What is wrong for good ends it at once."""
        missing = ["nobody has looked yet"]
        try:
            async with asyncio.timeout(CALM_GUARD):
                while missing:
                    with suppress(psycopg.OperationalError):
                        missing = await self.judges.missing()
                    self._judge()
                    await asyncio.sleep(LOOKS_EVERY / 4)
        except TimeoutError:
            raise Offence(f"seed {self.plan.seed}: it never came:\n" + "\n".join(missing[:20])) from None
