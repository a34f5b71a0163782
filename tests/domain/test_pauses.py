"""Pauses of new chats: what the network says of them, how long they are, what ends them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from recado.domain import concerns, pauses
from recado.domain.engine import Notice
from recado.domain.pauses import NOTICE, WAITS, Pause, end_told_by, ended, locked, refused
from tests.domain.observing import observed

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def notice(value: object, name: str = NOTICE) -> Notice:
    return Notice(session="s", name=name, value=value)


@pytest.mark.parametrize(
    ("value", "until"),
    [
        ({"is_active": True, "time_enforcement_ends": str(int((NOW + HOUR).timestamp()))}, NOW + HOUR),
        ({"is_active": True, "time_enforcement_ends": (NOW + HOUR).timestamp()}, NOW + HOUR),
        ({"is_active": True}, NOW + pauses.UNTOLD),
        ({"is_active": True, "time_enforcement_ends": "soon"}, NOW + pauses.UNTOLD),
        ({"is_active": True, "time_enforcement_ends": "9" * 40}, NOW + pauses.UNTOLD),
        ({"is_active": False}, NOW),
        ({}, NOW),
        (None, None),
        ("x", None),
    ],
)
def test_the_notice_says_until_when(value: object, until: datetime | None):
    assert end_told_by(notice(value), NOW) == until


def test_another_notice_says_nothing_of_it():
    assert end_told_by(notice({"is_active": True}, "PushName"), NOW) is None


def test_each_refusal_in_a_row_makes_the_wait_longer_up_to_a_day():
    pause, now, waits = None, NOW, []
    for _ in range(8):
        pause = refused(now, pause)
        waits.append(pause.until - now)
        now = pause.until
    assert waits == [*WAITS, WAITS[-1], WAITS[-1]]


def test_what_was_refused_at_the_same_time_counts_once():
    first = refused(NOW)
    assert refused(NOW + timedelta(seconds=1), first) == first


def test_an_end_that_was_told_is_not_lengthened_by_a_refusal():
    told = locked(NOW + HOUR, NOW)
    assert refused(NOW, told) == told


def test_a_longer_lock_keeps_its_beginning():
    first = locked(NOW + HOUR, NOW)
    assert locked(NOW + 2 * HOUR, NOW + HOUR / 2, first).since == NOW


def test_it_can_be_over_before_its_time():
    pause = ended(locked(NOW + HOUR, NOW), NOW)
    assert not pause.is_active(NOW)


@pytest.mark.parametrize("reason", ["time_lock", "new_chats_refused"])
def test_an_instance_that_is_paused_stays_connected_with_the_reason_and_says_it_once(reason):
    pause = Pause(reason=reason, since=NOW, until=NOW + HOUR)
    step = concerns.restrict(observed("connected"), pause)
    assert (step.after.state, step.after.reason, step.after.user_action) == ("connected", reason, "write_to_known")
    assert (step.code, step.params) == (reason, {"until": "2026-11-24T13:00:00.000Z"})
    assert not concerns.restrict(step.after, pause).is_told


def test_its_end_takes_the_reason_back_and_only_its_own():
    paused = observed("connected", reason="time_lock", user_action="write_to_known")
    step = concerns.restrict(paused, None)
    assert (step.after.reason, step.after.user_action, step.code) == (None, None, "new_chats_open")
    other = observed("degraded", reason="probe_slow")
    assert concerns.restrict(other, None).after == other
