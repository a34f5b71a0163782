"""The schedule of a failed delivery, and what waits behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from recado.domain.delivery import Failed, Parked, hold, next_attempt_at, park, probe_delay

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CHAT = UUID(int=1)


def failures(*, until_dead: bool) -> list[Parked]:
    """Every state of one event whose receiver fails each time at the very moment that was planned."""
    row, now, rows = hold(7, CHAT), NOW, []
    while row.state != "dead" or not until_dead:
        row = park(row, Failed(error="500", status=500), now=now)
        rows.append(row)
        now = row.next_at or now
    return rows


def test_a_failed_event_is_tried_again_after_5_s_30_s_2_min_10_min_1_h_3_h_8_h_then_every_24_h():
    rows = failures(until_dead=True)
    times = [NOW] + [row.next_at for row in rows if row.next_at is not None]
    waits = [after - before for before, after in pairwise(times)]
    assert waits[:9] == [
        timedelta(seconds=5),
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
        timedelta(hours=1),
        timedelta(hours=3),
        timedelta(hours=8),
        timedelta(hours=24),
        timedelta(hours=24),
    ]


def test_the_last_attempt_is_made_72_hours_after_the_first_and_then_the_event_is_dead():
    *_, last, dead = failures(until_dead=True)
    assert (last.next_at, dead.state, dead.next_at) == (NOW + timedelta(hours=72), "dead", None)


def test_what_follows_in_its_chat_waits_at_most_15_minutes_from_the_first_attempt():
    rows = failures(until_dead=True)
    assert {row.blocks_until for row in rows if row.state == "waiting"} == {NOW + timedelta(minutes=15)}


def test_a_waiting_event_no_longer_blocks_when_its_15_minutes_are_over():
    row = park(hold(7, CHAT), Failed(error="500", status=500), now=NOW)
    later = NOW + timedelta(minutes=15)
    assert (row.blocks(later - timedelta(microseconds=1)), row.blocks(later)) == (True, False)


def test_a_dead_event_blocks_nobody():
    assert not failures(until_dead=True)[-1].blocks(NOW)


def test_a_receiver_that_asks_for_more_time_gets_it():
    row = park(hold(7, CHAT), Failed(error="429", status=429, retry_after=timedelta(minutes=7)), now=NOW)
    assert row.next_at == NOW + timedelta(minutes=7)


def test_a_receiver_cannot_ask_for_less_time_than_the_schedule_has():
    row = park(hold(7, CHAT), Failed(error="429", status=429, retry_after=timedelta(0)), now=NOW)
    assert row.next_at == NOW + timedelta(seconds=5)


@given(
    attempts=st.integers(1, 1000),
    age=st.timedeltas(timedelta(0), timedelta(days=30)),
    retry_after=st.none() | st.timedeltas(timedelta(0), timedelta(days=3650)),
)
def test_the_next_attempt_lies_in_the_future_and_within_72_hours_of_the_first(attempts, age, retry_after):
    now = NOW + age
    at = next_attempt_at(attempts=attempts, first_attempt_at=NOW, now=now, retry_after=retry_after)
    assert (at is None) == (age >= timedelta(hours=72))
    assert at is None or now < at <= NOW + timedelta(hours=72)


@given(down_for=st.timedeltas(timedelta(0), timedelta(days=30)))
def test_a_receiver_that_is_down_is_probed_after_5_to_60_seconds(down_for):
    delay = probe_delay(failing_since=NOW, now=NOW + down_for)
    assert timedelta(seconds=5) <= delay <= timedelta(seconds=60)


def test_no_answer_at_all_speaks_of_the_receiver_and_422_of_the_event():
    assert (Failed(error="no answer").blames_receiver, Failed(error="", status=422).blames_receiver) == (True, False)
