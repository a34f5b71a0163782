"""How an instance lives: deadlines, codes, reconnects, conflicts, probes, snapshots, wishes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.domain import life
from recado.domain.engine import Probe, Signal
from recado.domain.retries import backoff, storage_wait
from recado.domain.states import FINAL, LIVE, WAITING, Observed, State
from tests.domain.observing import NOW, SECOND, observed, probe, signal, snapshot

# --- what the end of the time brings -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "becomes", "reason"),
    [
        ("starting", "reconnecting", "start_timeout"),
        ("awaiting_scan", "stopped", "qr_expired"),
        ("pairing", "failed", "pairing_timeout"),
        ("syncing", "connected", None),
        ("degraded", "reconnecting", "not_answering"),
        ("reconnecting", "starting", None),
        ("conflict", "starting", None),
        ("blocked", "starting", None),
    ],
)
def test_each_state_ends_at_its_deadline_and_not_before(state: State, becomes: State, reason: str | None) -> None:
    seen = observed(state, deadline=NOW)

    assert life.overdue(seen, NOW - SECOND) is None
    step = life.overdue(seen, NOW)
    assert step is not None
    assert (step.after.state, step.after.reason) == (becomes, reason)


@pytest.mark.parametrize(
    ("action", "reason"),
    [("scan_qr", "qr_expired"), ("enter_code", "code_expired"), ("confirm_passkey", "passkey_expired")],
)
def test_the_reason_says_which_code_expired(action: str, reason: str) -> None:
    step = life.overdue(observed("awaiting_scan", deadline=NOW, user_action=action), NOW)

    assert step is not None
    assert (step.after.state, step.after.reason, step.after.user_action) == ("stopped", reason, "start")


def test_codes_are_shown_one_after_the_other_until_the_last_ends() -> None:
    heard = signal("pair_codes", codes=["a", "b", "c"], first_ms=60_000, next_ms=20_000)

    step = life.react(observed("starting"), heard, NOW)

    ends = [NOW + n * SECOND for n in (60, 80, 100)]
    assert life.code_spans(heard.data, NOW) == list(zip("abc", ends, strict=True))
    assert step.after.deadline == ends[-1]


def test_a_new_set_of_codes_moves_the_deadline_and_is_not_told_again() -> None:
    first = life.react(observed("starting"), signal("pair_codes", codes=["a"], first_ms=60_000, next_ms=20_000), NOW)

    later = NOW + 30 * SECOND
    again = life.react(first.after, signal("pair_codes", codes=["b"], first_ms=60_000, next_ms=20_000), later)

    assert again.after.deadline == later + 60 * SECOND
    assert not again.is_told


def test_the_whole_first_login_stays_connecting_until_ready() -> None:
    seen, statuses = observed("starting"), []
    for heard in (
        signal("dialing"),
        signal("pair_codes", codes=["a"], first_ms=60_000, next_ms=20_000),
        signal("paired", jid="5511999990001:1@s.whatsapp.net"),
        signal("restart_asked"),
        signal("dialing"),
        signal("connected"),
        signal("offline_done", count=0),
    ):
        seen = life.react(seen, heard, NOW).after
        statuses.append((seen.state, seen.status))

    assert statuses == [
        ("starting", "connecting"),
        ("awaiting_scan", "connecting"),
        ("pairing", "connecting"),
        ("pairing", "connecting"),
        ("pairing", "connecting"),
        ("syncing", "connecting"),
        ("connected", "connected"),
    ]


# --- reconnects ----------------------------------------------------------------------------------------------------


def test_a_lost_connection_is_tried_again_after_five_seconds() -> None:
    step = life.react(observed("connected"), signal("disconnected", expected=False), NOW)

    assert (step.after.state, step.after.next_at) == ("reconnecting", NOW + 5 * SECOND)


def test_the_waits_double_up_to_five_minutes() -> None:
    waits = [backoff(streak, 0.5).total_seconds() for streak in range(1, 10)]

    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


@given(st.integers(1, 1000), st.floats(0, 1))
def test_jitter_stays_within_a_fifth_and_under_five_minutes(streak: int, jitter: float) -> None:
    wait, middle = backoff(streak, jitter), backoff(streak, 0.5)

    assert middle * 0.8 - SECOND <= wait <= min(timedelta(minutes=5), middle * 1.2 + SECOND)


@pytest.mark.parametrize(
    "heard",
    [
        signal("restart_asked"),
        signal("disconnected", expected=True),
        signal("stream_error", code=503),
        signal("stream_error", code="515"),
        signal("connect_failure", code=503),
    ],
    ids=lambda heard: f"{heard.type}",
)
def test_what_the_server_asks_as_routine_is_done_at_once_but_once_a_minute(heard: Signal) -> None:
    first = life.react(observed("connected"), heard, NOW)
    soon = life.react(replace(first.after, state="connected"), heard, NOW + 30 * SECOND)
    later = life.react(replace(first.after, state="connected"), heard, NOW + 90 * SECOND)

    assert first.after.next_at == NOW
    assert soon.after.next_at == NOW + 35 * SECOND
    assert later.after.next_at == NOW + 90 * SECOND


def test_a_connection_that_lasted_a_minute_starts_the_waits_anew() -> None:
    flapping = observed("connected", streak=4, online_since=NOW - 59 * SECOND)
    stable = observed("connected", streak=4, online_since=NOW - 60 * SECOND)

    lost = signal("disconnected")
    assert life.react(flapping, lost, NOW).after.streak == 5
    assert life.react(stable, lost, NOW).after.next_at == NOW + 5 * SECOND


def test_attempts_are_counted_where_they_are_made() -> None:
    seen = observed("starting")
    attempts = [seen.attempt]
    for _ in range(2):
        seen = life.react(seen, signal("connect_failed", error="refused"), NOW).after
        attempts.append(seen.attempt)
        seen = life.overdue(replace(seen, deadline=NOW), NOW).after  # type: ignore[union-attr]
        attempts.append(seen.attempt)

    assert attempts == [1, 1, 1, 2, 2]
    assert observed("connected", streak=3).attempt == 0


def test_the_database_is_asked_again_after_1_2_5_5_seconds() -> None:
    assert [storage_wait(n).total_seconds() for n in range(1, 6)] == [1, 2, 5, 5, 5]


def test_the_reason_of_the_loss_stays_while_it_is_tried_again() -> None:
    lost = life.react(observed("connected"), signal("stream_error", code=500), NOW).after

    again = life.overdue(lost, NOW + 5 * SECOND)

    assert again is not None
    assert (again.after.state, again.after.reason, again.code) == ("starting", "stream_error", "trying_again")


def test_a_lost_socket_before_the_new_dial_is_the_old_one() -> None:
    seen = observed("pairing")

    assert life.react(seen, signal("disconnected"), NOW, is_redialed=True).after == seen
    assert life.react(seen, signal("disconnected"), NOW).after.state == "reconnecting"


# --- conflict and blocks -------------------------------------------------------------------------------------------


def test_a_conflict_is_taken_back_after_a_minute_three_times_an_hour() -> None:
    seen, now, steps = observed("connected"), NOW, []
    for _ in range(4):
        seen = life.react(seen, signal("replaced"), now).after
        steps.append((seen.state, seen.reason, seen.next_at and seen.next_at - now))
        if seen.state == "conflict":
            now += 60 * SECOND
            seen = replace(life.overdue(seen, now).after, state="connected")  # type: ignore[union-attr]

    minute = timedelta(minutes=1)
    assert steps == [("conflict", "conflict", minute)] * 3 + [("stopped", "conflict", None)]


def test_conflicts_of_more_than_an_hour_ago_do_not_count() -> None:
    old = tuple(NOW - timedelta(minutes=61 + n) for n in range(3))

    assert life.react(observed("connected", takeovers=old), signal("replaced"), NOW).after.state == "conflict"


def test_a_ban_ends_at_its_date() -> None:
    step = life.react(observed("starting"), signal("temporary_ban", code=101, expires_ms=7_200_000), NOW)

    assert (step.after.state, step.after.next_at) == ("blocked", NOW + timedelta(hours=2))


def test_an_outdated_client_is_tried_every_six_hours() -> None:
    step = life.react(observed("starting"), signal("client_outdated"), NOW)

    assert (step.after.state, step.after.next_at) == ("blocked", NOW + timedelta(hours=6))


# --- proofs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "result", "state", "reason"),
    [
        (observed("connected"), probe(), "connected", None),
        (observed("connected"), probe(round_trip_ms=5_001), "degraded", "probe_slow"),
        (observed("connected"), None, "degraded", "probe_unanswered"),
        (observed("connected"), probe(oldest_unanswered_ms=60_001), "degraded", "behind"),
        (observed("connected"), probe(oldest_unanswered_ms=60_000), "connected", None),
        (observed("degraded", reason="probe_slow"), probe(), "connected", None),
        (observed("degraded", reason="probe_slow"), None, "degraded", "probe_unanswered"),
        (observed("degraded", reason="probe_unanswered"), probe(), "connected", None),
        (observed("degraded", reason="probe_unanswered"), None, "reconnecting", "not_answering"),
        (observed("degraded", reason="keepalive_timeout"), None, "reconnecting", "not_answering"),
        (observed("degraded", reason="behind"), probe(oldest_unanswered_ms=61_000), "reconnecting", "behind"),
        (observed("starting"), None, "starting", None),
    ],
)
def test_a_probe_proves_it(before: Observed, result: Probe | None, state: State, reason: str | None) -> None:
    step = life.judge(before, result, NOW, sent_at=NOW - 10 * SECOND)

    assert (step.after.state, step.after.reason) == (state, reason)


def test_an_unanswered_probe_leaves_45_seconds_in_all() -> None:
    step = life.judge(observed("connected"), None, NOW, sent_at=NOW - 10 * SECOND)

    assert step.after.deadline == NOW + 35 * SECOND


def test_a_slow_session_that_goes_on_answering_is_told_once() -> None:
    first = life.judge(observed("connected"), probe(round_trip_ms=6_000), NOW, sent_at=NOW)
    second = life.judge(first.after, probe(round_trip_ms=6_000), NOW + 30 * SECOND, sent_at=NOW)

    assert (first.code, second.code) == ("probe_slow", None)
    assert second.after.deadline == NOW + 75 * SECOND


@pytest.mark.parametrize(
    ("state", "shown", "becomes"),
    [
        ("connected", "connected", "connected"),
        ("connected", "disconnected", "reconnecting"),
        ("connected", "idle", "reconnecting"),
        ("connected", None, "reconnecting"),
        ("syncing", "connected", "syncing"),
        ("starting", "connected", "syncing"),
        ("starting", "dialing", "starting"),
        ("starting", "disconnected", "starting"),
        ("awaiting_scan", "pairing", "awaiting_scan"),
        ("awaiting_scan", "disconnected", "reconnecting"),
        ("pairing", "connected", "syncing"),
    ],
)
def test_a_snapshot_corrects_what_was_missed(state: State, shown: str | None, becomes: State) -> None:
    step = life.compare(observed(state), snapshot(shown) if shown else None, NOW)

    assert step.after.state == becomes


@pytest.mark.parametrize("state", sorted(WAITING | FINAL))
@pytest.mark.parametrize("shown", ["connected", "dialing", "pairing"])
def test_a_session_that_should_not_be_open_is_hung_up(state: State, shown: str) -> None:
    step = life.compare(observed(state), snapshot(shown), NOW)

    assert (step.after.state, step.hangs_up) == (state, True)


# --- wishes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_final_state_is_left_only_for_a_newer_wish(state: State) -> None:
    seen = observed(state)

    assert life.settle(seen, "running", seen.since, NOW) is None
    step = life.settle(seen, "running", seen.since + timedelta(microseconds=1), NOW)
    assert step is not None
    assert (step.after.state, step.dials) == ("starting", True)


@pytest.mark.parametrize("state", sorted(LIVE | WAITING))
def test_a_wish_to_stop_is_heeded_in_every_state(state: State) -> None:
    step = life.settle(observed(state), "stopped", NOW, NOW)

    assert step is not None
    assert (step.after.state, step.after.reason, step.after.deadline) == ("stopped", "stopped_by_user", None)


def test_a_wish_is_heeded_once() -> None:
    step = life.settle(observed("connected"), "running", NOW, NOW)

    assert step is not None
    assert (step.after.state, step.hangs_up, step.dials) == ("starting", True, True)
    assert life.settle(step.after, "running", NOW, NOW + SECOND) is None


def test_a_restart_is_heeded_although_the_state_has_changed_meanwhile() -> None:
    seen = replace(observed("connected"), since=NOW + SECOND)

    assert life.settle(seen, "running", NOW, NOW + 2 * SECOND) is not None


def test_a_failure_in_the_very_moment_of_the_wish_is_not_started_again() -> None:
    wish = NOW + timedelta(microseconds=3)
    started = life.settle(observed("stopped"), "running", wish, NOW)
    assert started is not None

    failed = life.react(started.after, signal("pair_failed"), NOW).after

    assert life.settle(failed, "running", wish, NOW) is None


@pytest.mark.parametrize("state", sorted(LIVE | {"reconnecting"}))
def test_a_row_that_nobody_held_is_started(state: State) -> None:
    step = life.take_over(observed(state), NOW, is_new=False)

    assert (step.after.state, step.dials, step.code) == ("starting", True, "taken_over")


def test_without_a_device_it_is_paired_and_a_lost_one_is_told() -> None:
    new = life.miss_device(observed("starting"), NOW, was_linked=False)
    lost = life.miss_device(observed("starting"), NOW, was_linked=True)

    assert (new.after.state, new.pairs) == ("starting", True)
    assert (lost.after.state, lost.after.reason, lost.credentials_gone) == ("logged_out", "credentials_missing", True)
