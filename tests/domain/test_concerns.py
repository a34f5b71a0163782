"""What is wrong while it is connected: told once, the gravest shown, kept while the connection comes and goes."""

from __future__ import annotations

import pytest

from recado.domain import life
from recado.domain.concerns import CONCERNS, relieve, worry
from recado.domain.states import LIVE, ONLINE, STATES, State
from tests.domain.observing import NOW, SECOND, observed, probe, signal


def test_a_concern_is_the_reason_of_a_connected_instance_and_what_the_user_can_do() -> None:
    step = worry(observed("connected"), "phone_offline", params={"days": 10})

    assert (step.after.state, step.after.reason, step.after.user_action) == ("connected", "phone_offline", "open_phone")
    assert (step.code, step.params) == ("phone_offline", {"days": 10})


def test_a_concern_is_told_once() -> None:
    once = worry(observed("connected"), "phone_offline").after

    assert not worry(once, "phone_offline").is_told


def test_one_that_was_told_in_an_earlier_life_is_shown_and_not_told() -> None:
    step = worry(observed("connected"), "phone_offline", is_new=False)

    assert (step.code, step.after.reason) == (None, "phone_offline")


def test_the_gravest_is_shown_and_behind_it_the_other_one_again() -> None:
    both = worry(worry(observed("connected"), "phone_offline").after, "time_lock").after
    assert both.reason == "time_lock"

    after = relieve(both, ["time_lock"])
    assert (after.after.reason, after.code) == ("phone_offline", "new_chats_open")


def test_all_that_ends_together_is_told_as_one() -> None:
    both = worry(worry(observed("connected"), "phone_offline").after, "phone_unlinks_soon").after

    step = relieve(both, ["phone_unlinks_soon", "phone_offline"])
    assert (step.after.reason, step.after.user_action, step.code) == (None, None, "phone_back")


def test_what_was_no_concern_ends_without_a_word() -> None:
    seen = observed("connected")

    assert not relieve(seen, list(CONCERNS)).is_told


def test_a_concern_outlives_a_doubt_and_a_lost_connection() -> None:
    seen = worry(observed("connected"), "phone_offline").after
    doubtful = life.judge(seen, None, NOW, sent_at=NOW).after
    assert (doubtful.state, doubtful.reason) == ("degraded", "probe_unanswered")
    assert life.judge(doubtful, probe(), NOW, sent_at=NOW).after.reason == "phone_offline"

    for heard in (signal("disconnected"), signal("host_up"), signal("connected"), signal("offline_done", count=0)):
        seen = life.react(seen, heard, NOW + SECOND).after
    assert (seen.state, seen.reason, seen.user_action) == ("connected", "phone_offline", "open_phone")


def test_an_unlinked_instance_has_none() -> None:
    seen = worry(observed("connected"), "phone_offline").after

    assert life.react(seen, signal("logged_out", code=401), NOW).after.concerns == frozenset()


@pytest.mark.parametrize("state", sorted(set(STATES) - ONLINE))
def test_only_one_that_is_online_has_concerns(state: State) -> None:
    assert worry(observed(state), "phone_offline").after == observed(state)


@pytest.mark.parametrize("state", sorted(LIVE))
def test_a_session_that_brings_the_engine_down_has_failed(state: State) -> None:
    step = life.quarantine(observed(state), NOW)

    assert (step.after.state, step.after.reason, step.after.user_action) == ("failed", "brings_engine_down", "start")


def test_a_connection_on_which_nothing_is_heard_is_made_anew_at_once() -> None:
    step = life.doubt(observed("connected"), 9000 * SECOND, NOW)

    assert (step.after.state, step.after.next_at, step.params["silence"]) == ("reconnecting", NOW, "2 h")
