"""A plan is made by its seed alone, and breaks everything in each round."""

from __future__ import annotations

from tests.chaos.blows import KINDS
from tests.chaos.plan import BLOWS, FAULTS, MOODS, make_plan
from tests.chaos.test_chaos import PLAN


def test_the_same_seed_makes_the_same_plan_and_another_one_another():
    size = {"seconds": 90.0, "instances": 20, "receivers": 2}
    assert make_plan(7, **size) == make_plan(7, **size)
    assert make_plan(7, **size) != make_plan(8, **size)


def test_every_round_has_every_blow_and_every_mood():
    plan = make_plan(7, seconds=90, instances=20, receivers=2)
    rounds = [plan.blows[n : n + len(BLOWS)] for n in range(0, len(plan.blows), len(BLOWS))]
    assert [sorted(blow.kind for blow in each) for each in rounds] == [sorted(BLOWS)] * 3
    assert sorted(spell.kind for spell in plan.moods) == sorted(MOODS * 3)


def test_every_blow_of_a_plan_can_be_struck():
    assert set(KINDS) == set(BLOWS)


def test_the_plan_of_make_test_breaks_the_network_in_every_way():
    assert {spell.kind for spell in PLAN.faults[:15]} == set(FAULTS)
