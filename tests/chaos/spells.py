"""Trouble that lasts a while: receivers in their moods, the network of single instances, and one wish in the middle."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from recado.domain.errors import RecadoError
from tests.chaos.plan import Spell
from tests.chaos.stage import Line, Stage
from tests.chaos.traffic import AWAY, PATIENCE

LATE_MS = 700


async def mood(here: Stage, spell: Spell) -> None:
    """A receiver in a mood, for a while."""
    async with here.hooks[spell.target].feeling(spell.kind):
        await asyncio.sleep(spell.lasts)


async def fault(here: Stage, spell: Spell) -> None:
    """The network of one instance, broken for a while."""
    faults, phone = here.network.faults, here.lines[spell.target].phone
    match spell.kind:
        case "cut":
            faults.cut(phone)
        case "silent":
            faults.silent_pings(phone)
            await asyncio.sleep(spell.lasts)
            faults.silent_pings(phone, on=False)
        case "deaf":
            faults.deaf(phone)
            await asyncio.sleep(spell.lasts)
            faults.cut(phone)
        case "late acks":
            faults.delay_acks(phone, LATE_MS)
            await asyncio.sleep(spell.lasts)
            faults.delay_acks(phone, 0)
        case stream_error:
            faults.stream_error(phone, code=int(stream_error.rpartition(" ")[2]))


async def wish(here: Stage, line: Line, wanted: str) -> None:
    """Somebody wants it so, and asks until a Recado has heard it."""
    line.wanted = wanted
    workers = list(here.workers)
    while True:
        workers.reverse()
        with suppress(RecadoError, *AWAY):
            async with asyncio.timeout(PATIENCE):
                verb = "start" if wanted == "running" else "stop"
                await workers[0].call("POST", f"/v1/instances/{line.name}/{verb}")
                return
        await asyncio.sleep(0.2)
