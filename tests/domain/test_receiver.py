"""When a receiver counts as down, and when as up again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from recado.domain.delivery import Failed
from recado.domain.receiver import Receiver

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DOWN = Failed(error="no connection")


def down(at: datetime = NOW) -> Receiver:
    receiver = Receiver()
    for _ in range(10):
        receiver.failed(DOWN, at)
    return receiver


@given(failures=st.integers(0, 9))
def test_fewer_than_ten_failures_in_a_row_are_no_outage(failures: int):
    receiver = Receiver()
    assert [receiver.failed(DOWN, NOW) for _ in range(failures)] == [False] * failures
    assert not receiver.is_down


def test_an_answer_between_them_begins_the_row_anew():
    receiver = Receiver()
    for _ in range(9):
        receiver.failed(DOWN, NOW)
    receiver.answered()
    assert [receiver.failed(DOWN, NOW) for _ in range(9)] == [False] * 9


def test_an_outage_is_dated_from_its_first_failure_and_ends_with_an_answer():
    receiver = Receiver()
    for second in range(10):
        receiver.failed(DOWN, NOW + timedelta(seconds=second))
    assert (receiver.answered(), receiver.is_down, receiver.answered()) == (NOW, False, None)


@given(age=st.timedeltas(timedelta(0), timedelta(days=30)))
def test_after_three_days_it_is_given_up(age: timedelta):
    assert down().is_given_up(NOW + age) == (age >= timedelta(hours=72))


def test_one_that_is_up_is_never_given_up():
    assert not Receiver().is_given_up(NOW + timedelta(days=365))


@given(waits=st.lists(st.timedeltas(timedelta(0), timedelta(hours=5)), max_size=30))
def test_it_is_probed_5_to_60_seconds_after_each_failure(waits: list[timedelta]):
    receiver, now = down(), NOW
    for wait in waits:
        now += wait
        receiver.failed(DOWN, now)
        assert timedelta(seconds=5) <= receiver.probe_at - now <= timedelta(seconds=60)
