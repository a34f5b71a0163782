"""When a silence is not to be believed: by what came at the same time on other days, and never in a quiet night."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recado.domain.engine import Gap, Notice
from recado.domain.jid import Identity
from recado.domain.liveness import EXPECTED, SHORTEST, Traffic, doubtful_at, is_pushed, is_usual, spoken
from recado.domain.sync import HistoryBatch, Presence, Typing

MARIA_ID = Identity(phone="5511988887777")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
"""Midnight."""


def usual(busy: Callable[[datetime], int], *, days: int = 15, until: datetime = MONDAY) -> Traffic:
    """So many minutes of each hour, on that many days before."""
    hours = [until - n * HOUR for n in range(1, days * 24 + 1)]
    return {hour: busy(hour) for hour in hours if busy(hour)}


def office(minutes: int = 40, closed: tuple[int, ...] = ()) -> Callable[[datetime], int]:
    """A business that is open from 8 to 18 h; closed on these weekdays (0 is Monday)."""
    return lambda hour: minutes if 8 <= hour.hour < 18 and hour.weekday() not in closed else 0


def test_where_much_comes_half_an_hour_of_silence_is_doubted() -> None:
    assert doubtful_at(usual(office()), MONDAY + 9 * HOUR) == MONDAY + 9 * HOUR + SHORTEST


def test_where_little_comes_it_takes_as_long_as_a_dozen_minutes_take_to_come_together() -> None:
    assert doubtful_at(usual(office(minutes=4)), MONDAY + 9 * HOUR) == MONDAY + 12 * HOUR


def test_a_night_in_which_nothing_ever_comes_is_quiet_until_the_morning() -> None:
    assert doubtful_at(usual(office(minutes=48)), MONDAY + 18 * HOUR) == MONDAY + DAY + 8 * HOUR + 15 * MINUTE


def test_where_now_and_then_something_comes_nothing_is_ever_doubted() -> None:
    assert doubtful_at(usual(lambda hour: 1 if hour.hour % 3 == 0 else 0), MONDAY + 9 * HOUR) is None


def test_a_day_on_which_the_business_is_closed_every_week_is_quiet() -> None:
    sunday = MONDAY + 6 * DAY

    assert doubtful_at(usual(office(closed=(6,)), until=sunday), sunday + 7 * HOUR) is None


def test_two_quiet_days_of_the_week_change_nothing_for_the_others() -> None:
    assert doubtful_at(usual(office(closed=(5, 6))), MONDAY + 9 * HOUR) is not None


def test_three_quiet_days_and_it_is_not_known_any_more_what_is_usual() -> None:
    assert doubtful_at(usual(office(closed=(4, 5, 6))), MONDAY + 9 * HOUR) is None


def test_a_day_that_was_quiet_a_week_or_two_ago_may_be_quiet_again() -> None:
    for weeks in (1, 2):
        holiday = MONDAY - 7 * weeks * DAY
        traffic = {hour: count for hour, count in usual(office()).items() if hour.date() != holiday.date()}

        assert doubtful_at(traffic, MONDAY + 9 * HOUR) == MONDAY + DAY + 8 * HOUR + SHORTEST


def test_in_the_first_week_nothing_is_known() -> None:
    assert doubtful_at(usual(office(), days=5), MONDAY + 9 * HOUR) is None
    assert doubtful_at(usual(office(), days=8), MONDAY + 9 * HOUR) is not None


@given(
    st.dictionaries(st.integers(1, 15 * 24), st.integers(0, 60), max_size=200),
    st.integers(0, 24 * 60),
)
@settings(max_examples=50, deadline=None)
def test_no_silence_is_doubted_that_five_days_of_the_week_had_as_well(rows: dict[int, int], minute: int) -> None:
    traffic = {MONDAY - n * HOUR: count for n, count in rows.items()}
    since = MONDAY + minute * MINUTE
    end = doubtful_at(traffic, since)
    if end is None:
        return
    assert SHORTEST <= end - since <= DAY
    loud = [sum(_within(traffic, since - n * DAY, end - n * DAY)) >= EXPECTED for n in range(1, 8)]
    assert loud.count(True) >= 5
    assert loud[6]


def _within(traffic: Traffic, since: datetime, end: datetime) -> list[int]:
    return [count for hour, count in traffic.items() if hour < end and hour + HOUR > since]


def test_only_what_the_network_brings_of_itself_proves_that_something_comes() -> None:
    gap = Gap(
        session="s",
        wa_id="A",
        chat="c",
        chat_identity=MARIA_ID,
        sender=MARIA_ID,
        is_from_me=False,
        sent_at=MONDAY,
        cause="",
    )
    typing = Typing(session="s", chat="c", chat_identity=MARIA_ID, sender=MARIA_ID, state="paused")
    presence = Presence(session="s", identity=MARIA_ID, is_available=True, last_seen_at=None)
    asked = [HistoryBatch(session="s", id="p"), Notice(session="s", name="PushName", value=None)]

    assert [is_pushed(one) for one in (gap, typing, presence, *asked)] == [True, True, True, False, False]
    assert [is_usual(one) for one in (gap, typing, presence)] == [True, False, False]


@pytest.mark.parametrize(("silence", "said"), [(45 * MINUTE, "45 min"), (2 * HOUR, "2 h"), (185 * MINUTE, "3 h")])
def test_how_long_it_has_lasted_is_said_without_words(silence: timedelta, said: str) -> None:
    assert spoken(silence) == said
