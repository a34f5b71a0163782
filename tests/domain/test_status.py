"""The status of a message only moves forward."""

from __future__ import annotations

import itertools

import pytest

from recado.domain.status import RANK, is_forward, is_read_by_owner, predecessors, step_of


def test_the_way_of_a_message():
    way = ["queued", "sending", "sent", "delivered", "read", "played"]
    assert all(is_forward(before, after) for before, after in itertools.pairwise(way))
    assert not any(is_forward(after, before) for before, after in itertools.pairwise(way))


def test_what_has_arrived_cannot_fail_but_what_failed_may_have_arrived():
    assert not is_forward("delivered", "failed")
    assert is_forward("failed", "delivered")
    assert is_forward("sending", "failed")


@pytest.mark.parametrize("status", RANK)
def test_predecessors_are_all_from_which_it_is_forward(status: str):
    assert set(predecessors(status)) == {before for before in RANK if is_forward(before, status)} - {"received"}


@pytest.mark.parametrize(
    ("type", "step"),
    [("delivered", "delivered"), ("inactive", "delivered"), ("read", "read"), ("played", "played"), ("retry", None)],
)
def test_what_a_receipt_says(type: str, step: str | None):
    assert step_of(type, is_from_me=False) == step
    assert step_of(type, is_from_me=True) is None


def test_what_the_owner_reads_elsewhere_is_no_step_of_anybody():
    assert is_read_by_owner("read-self", is_from_me=False)
    assert is_read_by_owner("read", is_from_me=True)
    assert not is_read_by_owner("read", is_from_me=False)
    assert not is_read_by_owner("delivered", is_from_me=True)
