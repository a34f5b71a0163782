"""The pace: irregular as people are, never faster than told, the same for the same seed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.domain.pacing import Bucket, Pace, Span, buckets_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SLOW = Span(least=SECOND, most=3 * SECOND)


def moments(bucket: Bucket, count: int, now: datetime = NOW) -> list[datetime]:
    """When so many go that all wait."""
    gone = []
    for _ in range(count):
        now = bucket.next_at(now)
        bucket.take(now)
        gone.append(now)
    return gone


def test_after_a_quiet_time_as_many_go_at_once_as_the_burst_allows():
    assert moments(Bucket(SLOW, 3, Random(1)), 4)[:3] == [NOW] * 3
    assert moments(Bucket(SLOW, 3, Random(1)), 4)[3] > NOW


def test_the_same_seed_gives_the_same_moments_and_another_one_others():
    first, again, other = (moments(Bucket(SLOW, 1, Random(seed)), 20) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@given(st.integers(1, 5), st.integers(0, 2**32), st.integers(2, 40))
def test_it_is_never_faster_than_the_least_time_and_never_slower_than_the_most(burst: int, seed: int, count: int):
    gone = moments(Bucket(SLOW, burst, Random(seed)), count)
    for n in range(burst, count):
        assert gone[n] - gone[n - burst] >= SECOND
        assert gone[n] - gone[n - 1] <= SLOW.most


@given(st.integers(1, 5), st.integers(0, 2**32), st.floats(0, 1000))
def test_a_pause_saves_up_no_more_than_the_burst(burst: int, seed: int, seconds: float):
    bucket = Bucket(SLOW, burst, Random(seed))
    moments(bucket, burst)
    assert bucket.available(NOW + seconds * SECOND) <= burst
    assert bucket.available(NOW + (seconds + 3 * burst) * SECOND) == burst


def test_a_clock_that_is_set_back_stops_nothing():
    bucket = Bucket(SLOW, 1, Random(1))
    bucket.take(NOW)
    before = NOW - timedelta(days=1)
    assert bucket.next_at(before) <= before + SLOW.most


def test_no_time_between_two_is_no_pace():
    bucket = Bucket(Span(least=timedelta(0), most=timedelta(0)), 1, Random(1))
    assert moments(bucket, 3)[-1] - NOW < SECOND


def test_strangers_share_a_bucket_and_others_have_their_own():
    buckets = buckets_of(Pace(strangers=SLOW, others=SLOW, burst=2), Random(1))
    assert buckets["new"] is buckets["known"]
    assert buckets["open"] is not buckets["new"]


def test_without_a_pace_there_are_no_buckets():
    assert buckets_of(None, Random(1)) == {}


@pytest.mark.parametrize(("span", "shown"), [(SLOW, "1-3"), (Span(least=SECOND / 5, most=SECOND / 2), "0.2-0.5")])
def test_a_span_reads_as_settings_have_it(span: Span, shown: str):
    assert str(span) == shown
