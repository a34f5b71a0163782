"""The state table, a test a row; and what holds for every sequence of signals."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recado.domain import life
from recado.domain.engine import Signal
from recado.domain.reactions import OURS, SIGNALS, Outcome
from recado.domain.retries import Retry
from recado.domain.states import FINAL, LIVE, STATE_ROWS, STATES, WAITING, Observed, State, status_of
from tests.domain.observing import NOW, SECOND, observed, probe, signal

DOCS = Path(__file__).parents[2] / "docs"

# How to bring about each stimulus of the engine: the signal, and what has to be so before.
HEARD: dict[str, tuple[Signal, dict[str, object]]] = {
    "pair_codes": (signal("pair_codes", codes=["a", "b"], first_ms=60_000, next_ms=20_000), {}),
    "pair_codes/other_method": (
        signal("pair_codes", codes=["a"], first_ms=60_000, next_ms=20_000),
        {"user_action": "enter_code"},
    ),
    "connect_failed/host_down": (signal("connect_failed", error="not running", kind="host_down"), {}),
    "connect_failed/storage": (signal("connect_failed", error="no connection", kind="storage"), {}),
    "connect_failed/stale_fence": (signal("connect_failed", error="newer fence", kind="stale_fence"), {}),
    "connect_failed/lease_over": (signal("connect_failed", error="too old", kind="lease_over"), {}),
    "disconnected/expected": (signal("disconnected", expected=True), {}),
    "disconnected/codes_used_up": (signal("disconnected"), {"deadline": NOW + 2 * SECOND}),
    "stream_error": (signal("stream_error", code="500", text="internal"), {}),
    "stream_error/routine": (signal("stream_error", code="503"), {}),
    "replaced/too_often": (signal("replaced"), {"takeovers": tuple(NOW - n * 300 * SECOND for n in (3, 2, 1))}),
    "logged_out": (signal("logged_out", on_connect=False, code=401, text="device_removed"), {}),
    "logged_out/main_device_gone": (signal("logged_out", on_connect=True, code=403), {}),
    "logged_out/unknown": (signal("logged_out", on_connect=True, code=406), {}),
    "temporary_ban": (signal("temporary_ban", code=101, expires_ms=3_600_000), {}),
    "connect_failure": (signal("connect_failure", code=500, text="internal"), {}),
    "connect_failure/routine": (signal("connect_failure", code=503), {}),
    "host_down/hang": (signal("host_down", error="it does not answer", cause="hang"), {}),
    "host_down/memory": (signal("host_down", error="too much memory", cause="memory"), {}),
    "storage_down/why": (signal("storage_down", error="no connection"), {"reason": "connection_lost"}),
    "closed/lease_expired": (signal("closed", cause="lease_expired"), {}),
    "closed/storage_down": (signal("closed", cause="storage_down"), {}),
    "closed/panic": (signal("closed", cause="panic", error="index out of range"), {}),
    "closed/shutdown": (signal("closed", cause="shutdown"), {}),
}
ANY = frozenset(STATES)
POSSIBLE = {
    "disconnected/codes_used_up": frozenset({"awaiting_scan"}),
    "disconnected/old_socket": frozenset({"starting", "pairing"}),
    "storage_down/why": frozenset({"reconnecting"}),
}


@pytest.mark.parametrize(
    ("name", "state", "outcome"),
    [
        pytest.param(name, state, outcome, id=f"{name}-{state}")
        for name, rows in SIGNALS.items()
        for states, outcome in rows.items()
        for state in sorted(states & POSSIBLE.get(name, ANY))
    ],
)
def test_a_row_of_the_table_is_what_a_signal_does(name: str, state: State, outcome: Outcome) -> None:
    heard, before = HEARD.get(name, (signal(name.partition("/")[0]), {}))
    seen = observed(state, **before)

    step = life.react(seen, heard, NOW, is_redialed=name == "disconnected/old_socket")

    assert step.after.state == (outcome.to or state)
    assert (step.dials, step.pairs, step.credentials_gone) == (outcome.dials, outcome.pairs, outcome.credentials_gone)
    assert step.hangs_up == (outcome.hangs_up or (state in LIVE and step.after.state not in LIVE))
    if outcome.to is not None:
        assert (step.after.reason, step.after.user_action) == (outcome.reason, outcome.user_action)
        assert (step.after.next_at is not None) == (outcome.retry is not Retry.NEVER)


def signals_of_the_protocol() -> list[list[list[str]]]:
    """The cells of each row: what the page quotes in them."""
    section = (DOCS / "engine-protocol.md").read_text().split("### Signals")[1].split("## 5.")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return [[re.findall(r"`(\w+)`", cell) for cell in row.strip("|").split("|")] for row in rows]


def test_every_signal_of_the_protocol_is_in_the_table() -> None:
    named = {name for cells in signals_of_the_protocol() for name in cells[0]}
    ours = {"host_down", "host_up"}

    of_content = {"app_state_changed"}

    assert named | ours == {name.partition("/")[0] for name in SIGNALS} | of_content


def test_every_cause_for_which_the_host_closes_a_session_is_in_the_table() -> None:
    [causes] = [set(cells[1]) - {"cause", "error"} for cells in signals_of_the_protocol() if cells[0] == ["closed"]]

    assert causes == {name.partition("/")[2] for name in SIGNALS if name.startswith("closed/")}


def test_a_signal_of_a_later_version_changes_nothing() -> None:
    seen = observed()

    assert life.react(seen, signal("taken_over"), NOW).after == seen
    assert life.react(seen, signal("glorious_news"), NOW).after == seen


@pytest.mark.parametrize("state", STATES)
def test_only_lasting_states_have_no_limit(state: State) -> None:
    row = STATE_ROWS[state]

    assert (row.limit is None and not row.ends) == (state in FINAL | {"connected"})


# --- always --------------------------------------------------------------------------------------------------------

STIMULI = st.one_of(
    st.sampled_from(
        [
            *(heard for heard, _ in HEARD.values()),
            *(signal(name) for name in SIGNALS if "/" not in name and name not in HEARD),
        ]
    ),
    st.sampled_from(["overdue", "probe", "slow", "behind", "snapshot", "no_device", "code", "leave"]),
)


def after(seen: Observed, stimulus: Signal | str, now: datetime) -> Observed:
    match stimulus:
        case Signal():
            return life.react(seen, stimulus, now).after
        case "overdue":
            step = life.overdue(seen, max(now, seen.deadline or now))
            return step.after if step else seen
        case "probe":
            return life.judge(seen, None, now, sent_at=now - 10 * SECOND).after
        case "slow":
            return life.judge(seen, probe(round_trip_ms=9_000), now, sent_at=now).after
        case "behind":
            return life.judge(seen, probe(oldest_unanswered_ms=99_000), now, sent_at=now).after
        case "snapshot":
            return life.compare(seen, None, now).after
        case "no_device":
            return life.miss_device(seen, now, was_linked=True).after
        case "code":
            return life.show_code(seen, now + 160 * SECOND, now).after
        case _:
            return life.leave(seen, now).after


@given(st.lists(st.tuples(STIMULI, st.integers(0, 400))), st.sampled_from(STATES))
@settings(deadline=None)
def test_whatever_happens_no_state_is_eternal_and_final_ones_stay(
    stimuli: list[tuple[Signal | str, int]], first: State
) -> None:
    seen, now = observed(first), NOW
    if first in LIVE - {"connected"}:
        seen = replace(seen, deadline=NOW + SECOND)
    for stimulus, seconds in stimuli:
        now += seconds * SECOND
        before, seen = seen, after(seen, stimulus, now)
        if before.state in FINAL:
            assert seen == before
        lasts = seen.state in FINAL or seen.state == "connected"
        assert (seen.deadline is None) == lasts, f"{seen.state} after {stimulus}"
        assert (seen.next_at is not None) == (seen.state in WAITING)
        assert seen.next_at is None or seen.next_at == seen.deadline
        assert seen.status == status_of(seen.state)
        assert seen.since >= before.since
        assert seen.user_action is not None or seen.state not in {*FINAL, "awaiting_scan"} - {first}


def test_every_own_stimulus_is_reached_by_a_function() -> None:
    assert set(OURS) == {
        "overdue", "overdue/code", "overdue/passkey",
        "probe_good", "probe_slow", "probe_unanswered", "probe_unanswered/again", "probe_behind", "probe_behind/again",
        "no_device", "no_device/was_linked", "code_made", "found_online", "found_offline",
        "nothing_heard", "brought_down",
        "taken_over", "taken_over/new", "asked_to_run", "asked_to_stop", "unlinked_by_user", "recado_stopped",
    }  # fmt: skip
