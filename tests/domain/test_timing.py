"""When a message may go: what can be asked for, and what cannot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from recado.domain.errors import Invalid
from recado.domain.timing import AHEAD, ANYTIME, LATE, Timing, timing_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_without_a_wish_it_may_go_at_any_time():
    assert timing_of(NOW) == ANYTIME


@pytest.mark.parametrize("ago", [timedelta(0), SECOND, LATE])
def test_what_is_due_already_needs_no_appointment(ago: timedelta):
    assert timing_of(NOW, send_at=NOW - ago) == ANYTIME


def test_it_expires_so_long_after_it_could_go():
    in_an_hour = NOW + 3600 * SECOND
    assert timing_of(NOW, expires_in=60 * SECOND) == Timing(expires_at=NOW + 60 * SECOND)
    timing = timing_of(NOW, send_at=in_an_hour, expires_in=60 * SECOND)
    assert timing == Timing(send_at=in_an_hour, expires_at=in_an_hour + 60 * SECOND)


def test_a_year_ahead_is_the_most():
    assert timing_of(NOW, send_at=NOW + AHEAD).send_at == NOW + AHEAD


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"send_at": NOW + AHEAD + SECOND}, "send_at_too_far", "send_at"),
        ({"send_at": NOW - LATE - SECOND}, "send_at_past", "send_at"),
        ({"expires_at": NOW}, "expired_already", "expires_at"),
        ({"send_at": NOW + 9 * SECOND, "expires_at": NOW + 9 * SECOND}, "expired_already", "expires_at"),
        ({"expires_at": NOW + AHEAD + SECOND}, "expires_too_far", "expires_at"),
        ({"expires_at": NOW + SECOND, "expires_in": SECOND}, "expires_twice", "expires_in"),
    ],
)
def test_anything_else_is_refused_with_the_field(asked: dict, code: str, field: str):
    with pytest.raises(Invalid) as caught:
        timing_of(NOW, **asked)
    assert (caught.value.code, caught.value.extra["field"]) == (code, field)
