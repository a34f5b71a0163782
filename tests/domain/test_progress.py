"""A cursor among events that settle in any order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.domain.progress import Progress


@given(
    positions=st.lists(st.integers(1, 10_000), unique=True, min_size=1, max_size=50).map(sorted),
    settling=st.randoms(use_true_random=False),
)
def test_the_cursor_never_passes_an_event_that_is_not_settled(positions, settling):
    progress = Progress(0)
    for position in positions:
        progress.take(position)
    open_ones = set(positions)
    for position in settling.sample(positions, len(positions)):
        progress.settle(position)
        open_ones.discard(position)
        assert progress.cursor == (min(open_ones) - 1 if open_ones else positions[-1])


def test_events_that_nobody_wants_move_the_cursor_only_when_nothing_is_open():
    progress = Progress(3)
    progress.take(5)
    progress.reach(9)
    before = progress.cursor
    progress.settle(5)
    assert (before, progress.cursor) == (4, 9)


def test_a_position_is_taken_once():
    progress = Progress(3)
    with pytest.raises(ValueError, match="reached before"):
        progress.take(3)
