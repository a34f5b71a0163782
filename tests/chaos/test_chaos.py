"""Everything is broken, for a minute and a half and by a fixed seed, and nothing is lost, doubled or stuck."""

from __future__ import annotations

import pytest

from tests.chaos.plan import BLOWS, FAULTS, MOODS, make_plan
from tests.chaos.stage import RECEIVERS, stage
from tests.chaos.storm import Storm

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(1800)]

PLAN = make_plan(5, seconds=90, instances=20, receivers=RECEIVERS - 1)  # the last receiver is always well


async def test_nothing_is_lost_doubled_or_stuck_whatever_is_broken(tmp_path):
    async with stage(tmp_path, PLAN) as here:
        storm = Storm(here, PLAN)
        await storm.run()
        assert storm.lasted >= PLAN.seconds
        assert storm.done.keys() >= {*BLOWS, *MOODS, *FAULTS}
        assert storm.judges.offences == []
        assert len(storm.traffic.written) > 20 * len(here.lines)
        assert len(storm.traffic.accepted) > 10 * len(here.lines)
        assert here.network.doubles == []
