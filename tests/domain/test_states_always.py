"""No history of an instance, whatever happens and when, leads to a state that is eternal or a status that lies."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from recado.domain import states
from recado.domain.reactions import CELLS, STAYS
from recado.domain.states import FINAL, LIVE, ONLINE
from tests.domain.wandering import HISTORIES, History, Walk


@given(HISTORIES)
@settings(max_examples=200, deadline=None)
def test_whatever_happens_every_state_ends_and_every_status_is_true(history: History) -> None:
    seen = Walk.through(history).seen

    assert (seen.status == "connected") == (seen.state in ONLINE)
    assert (seen.status == "disconnected") == (seen.state not in LIVE)


@given(HISTORIES)
@settings(max_examples=50, deadline=None)
def test_left_alone_with_a_dead_network_it_rests_or_goes_on_trying(history: History) -> None:
    walk = Walk.through(history, deadlines=30)

    assert walk.seen.state in FINAL | {"connected", "starting", "reconnecting"}


@pytest.mark.parametrize("state", ["starting", "pairing", "syncing"])
def test_a_deadline_that_is_taken_away_is_found(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(states.STATE_ROWS, state, replace(states.STATE_ROWS[state], limit=None))
    _is_found()


@pytest.mark.parametrize("state", ["starting", "awaiting_scan", "pairing", "degraded", "reconnecting", "blocked"])
def test_a_deadline_at_which_nothing_happens_is_found(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CELLS, ("overdue", state), STAYS)
    _is_found()


def test_a_status_that_lies_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "status_of", lambda state: "connected" if state == "reconnecting" else _true(state))
    _is_found()


def test_a_quarantine_that_waits_for_nobody_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = replace(CELLS["brought_down", "connected"], to="blocked", user_action=None)
    for state in LIVE:
        monkeypatch.setitem(CELLS, ("brought_down", state), endless)
    _is_found()


_true = states.status_of


def _is_found() -> None:
    """The same property, over the same histories, fails."""

    @given(HISTORIES)
    @settings(
        max_examples=2000,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    def property_(history: History) -> None:
        Walk.through(history)

    with pytest.raises(AssertionError):
        property_()
