"""A phone that gives no sign: when it is asked for one, and what is said after how long."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from recado.domain.concerns import CONCERNS
from recado.domain.phones import WARNINGS, is_to_be_asked, warning
from tests.domain.observing import NOW

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("silence", "said"),
    [
        (10 * DAY - MINUTE, None),
        (10 * DAY, "phone_offline"),
        (12 * DAY - MINUTE, "phone_offline"),
        (12 * DAY, "phone_unlinks_soon"),
        (40 * DAY, "phone_unlinks_soon"),
    ],
)
def test_it_is_warned_at_ten_and_at_twelve_days(silence: timedelta, said: str | None) -> None:
    assert warning(NOW - silence, NOW) == said


@pytest.mark.parametrize(
    ("silence", "asked_at", "is_asked"),
    [
        (9 * DAY - MINUTE, None, False),
        (9 * DAY, None, True),
        (11 * DAY, NOW - DAY + MINUTE, False),
        (11 * DAY, NOW - DAY, True),
    ],
)
def test_it_is_asked_from_a_day_before_once_a_day(
    silence: timedelta, asked_at: datetime | None, is_asked: bool
) -> None:
    assert is_to_be_asked(NOW - silence, asked_at, NOW) is is_asked


def test_each_warning_is_a_concern_and_the_graver_one_comes_first() -> None:
    assert [one for one in CONCERNS if one in WARNINGS] == list(WARNINGS)
