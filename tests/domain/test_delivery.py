"""The schedule of a failed delivery, and what waits behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from recado.domain.delivery import SCHEDULE, Failed, Parked, forgive, hold, next_attempt_at, park, probe_delay

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CHAT = UUID(int=1)
CHANCE = st.floats(0, 1, allow_nan=False)
BAD, DOWN = Failed(error="422", status=422), Failed(error="no connection")


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
    jitter=CHANCE,
)
def test_the_next_attempt_lies_in_the_future_and_within_72_hours_of_the_first(attempts, age, retry_after, jitter):
    now = NOW + age
    at = next_attempt_at(attempts=attempts, first_attempt_at=NOW, now=now, retry_after=retry_after, jitter=jitter)
    assert (at is None) == (age >= timedelta(hours=72))
    assert at is None or now < at <= NOW + timedelta(hours=72)


@given(attempts=st.integers(1, 20), jitter=CHANCE)
def test_each_wait_is_that_of_the_schedule_and_only_days_are_up_to_two_hours_longer_or_shorter(attempts, jitter):
    at = next_attempt_at(attempts=attempts, first_attempt_at=NOW, now=NOW, jitter=jitter)
    planned = SCHEDULE[attempts - 1] if attempts <= len(SCHEDULE) else timedelta(hours=24)
    spread = timedelta(0) if attempts <= len(SCHEDULE) else timedelta(hours=2)
    assert planned - spread <= at - NOW <= planned + spread


@given(attempts=st.integers(1, 20), jitter=CHANCE, asked=st.timedeltas(timedelta(0), timedelta(hours=24)))
def test_no_jitter_makes_an_attempt_earlier_than_the_receiver_asked(attempts, jitter, asked):
    at = next_attempt_at(attempts=attempts, first_attempt_at=NOW, now=NOW, retry_after=asked, jitter=jitter)
    assert at >= NOW + asked


@given(chance=st.randoms(use_true_random=False))
def test_whatever_the_luck_an_event_is_tried_10_to_12_times_the_last_time_after_72_hours_and_then_dead(chance):
    row, now, tries = hold(7, CHAT), NOW, 0
    while row.state != "dead":
        row, tries = park(row, BAD, now=now, jitter=chance.random()), tries + 1
        now = row.next_at or now
    assert (10 <= tries <= 12, now) == (True, NOW + timedelta(hours=72))


def test_the_same_luck_gives_the_same_schedule():
    first, second = (
        [next_attempt_at(attempts=9, first_attempt_at=NOW, now=NOW, jitter=luck.random()) for _ in range(5)]
        for luck in (Random(7), Random(7))
    )
    assert first == second
    assert len(set(first)) == 5


@given(age=st.timedeltas(timedelta(0), timedelta(days=365)), attempts=st.integers(0, 1000))
def test_while_its_receiver_is_down_as_a_whole_nothing_dies(age, attempts):
    row = Parked(position=7, order_key=CHAT, state="waiting", attempts=attempts, first_attempt_at=NOW)
    assert park(row, DOWN, now=NOW + age, may_die=False).state == "waiting"


@given(before=st.timedeltas(timedelta(0), timedelta(hours=71)), outage=st.timedeltas(timedelta(0), timedelta(days=365)))
def test_an_outage_takes_nothing_of_the_time_of_an_event_that_had_failed_before(before, outage):
    row = park(hold(7, CHAT), BAD, now=NOW)
    after = forgive(row, down_since=NOW + before, now=NOW + before + outage)
    if before > timedelta(0):
        assert (after.first_attempt_at, after.attempts) == (NOW + outage, 1)
    else:
        assert (after.first_attempt_at, after.attempts, after.next_at) == (None, 0, NOW + outage)


@given(
    before=st.timedeltas(timedelta(seconds=1), timedelta(hours=1)),
    outage=st.timedeltas(timedelta(0), timedelta(days=9)),
)
def test_an_outage_takes_nothing_of_the_15_minutes_that_a_chat_waits(before, outage):
    row = park(hold(7, CHAT), BAD, now=NOW)
    up = NOW + before + outage
    after = forgive(row, down_since=NOW + before, now=up)
    assert after.blocks(up) == row.blocks(NOW + before)
    assert after.blocks_until - (outage if row.blocks(NOW + before) else timedelta(0)) == row.blocks_until


@given(down_for=st.timedeltas(timedelta(0), timedelta(days=30)))
def test_a_receiver_that_is_down_is_probed_after_5_to_60_seconds(down_for):
    delay = probe_delay(failing_since=NOW, now=NOW + down_for)
    assert timedelta(seconds=5) <= delay <= timedelta(seconds=60)


def test_no_answer_at_all_speaks_of_the_receiver_and_422_of_the_event():
    assert (Failed(error="no answer").blames_receiver, Failed(error="", status=422).blames_receiver) == (True, False)
