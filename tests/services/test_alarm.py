"""A wait ends at its moment, or when somebody rings, and no time that passes is lost on it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from recado.services.alarm import Alarm
from tests.stillclock import StillClock

HOUR = timedelta(hours=1)
GUARD = 60


async def test_it_ends_at_its_moment_and_not_before(clock: StillClock):
    waiting = asyncio.ensure_future(Alarm(clock).wait(clock.now() + HOUR))
    await clock.until_asleep()
    clock.advance(HOUR - timedelta(seconds=1))
    await asyncio.sleep(0)
    assert not waiting.done()
    clock.advance(timedelta(seconds=1))
    await asyncio.wait_for(waiting, GUARD)


async def test_a_ring_ends_it_also_one_that_came_before(clock: StillClock):
    alarm = Alarm(clock)
    alarm.ring()
    await asyncio.wait_for(alarm.wait(clock.now() + HOUR), GUARD)
    waiting = asyncio.ensure_future(alarm.wait(clock.now() + HOUR))
    await clock.until_asleep()
    alarm.ring()
    await asyncio.wait_for(waiting, GUARD)


async def test_time_that_passes_before_the_wait_begins_is_counted(clock: StillClock):
    waiting = asyncio.ensure_future(Alarm(clock).wait(clock.now() + HOUR))
    asyncio.get_running_loop().call_soon(clock.advance, HOUR)
    await asyncio.wait_for(waiting, GUARD)
