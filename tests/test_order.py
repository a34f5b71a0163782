"""The order of a run."""

from __future__ import annotations

import pytest

from tests.order import turn


def test_what_takes_long_comes_first(request: pytest.FixtureRequest):
    turns = [turn(item) for item in request.session.items]
    assert turns == sorted(turns)


@pytest.mark.parametrize(
    ("marks", "place"), [(("ui", "engine"), 0), (("engine", "story"), 1), (("engine",), 2), ((), 3), (("asyncio",), 3)]
)
def test_a_test_of_several_kinds_takes_the_turn_of_the_longest(request: pytest.FixtureRequest, marks, place):
    item = pytest.Function.from_parent(request.node.parent, name="some", callobj=lambda: None)
    for mark in marks:
        item.add_marker(mark)
    assert turn(item) == place
