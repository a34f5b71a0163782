"""A courier whose lease could not be renewed stands still until it is, whatever has become due meanwhile."""

from __future__ import annotations

import asyncio
import math
from datetime import datetime, timedelta

import pytest

from recado.services.delivery.lane import Lane
from recado.services.delivery.lanes import Lanes
from tests.services.delivery import Desk
from tests.services.script import BAD, URL, Script, log_head, pass_time

TURNS = 200


async def test_it_does_not_spin_and_goes_on_when_the_lease_is_renewed(db, clock, bell, monkeypatch: pytest.MonkeyPatch):
    looks = 0
    woken = Lanes.woken

    def counted(lanes: Lanes, now: datetime) -> list[Lane]:
        nonlocal looks
        looks += 1
        return woken(lanes, now)

    desk = Desk(db, clock, bell)
    script, webhook = Script(desk), await desk.webhook(URL)
    async with desk.dispatching() as dispatch:
        first = (await log_head(desk)) + 1
        script.answers[first] = BAD
        await desk.append(1)
        await desk.until_parked(webhook, {first: "waiting"})
        script.answers.clear()
        dispatch._tenure._until, dispatch._renewed_at = 0.0, math.inf
        monkeypatch.setattr(Lanes, "woken", counted)
        await pass_time(desk, timedelta(seconds=5))
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert looks < TURNS / 10
        assert script.taken == []

        dispatch._renewed_at = -math.inf
        desk.changes.ring()
        await desk.until_parked(webhook, {})
    assert script.taken == [first]
