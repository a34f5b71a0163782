"""How an instance stands is said for every state and reason, in both languages, with a way on where there is one."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from recado.domain.concerns import CONCERNS
from recado.domain.instances import Instance
from recado.domain.reactions import OURS, SIGNALS
from recado.domain.states import FINAL, STATES, status_of
from recado.web.look import Look
from recado.web.standing import acts_of, standing_of

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
LOOKS = [
    Look(language="en", theme="auto", zone=ZoneInfo("UTC")),
    Look(language="pt", theme="auto", zone=ZoneInfo("UTC")),
]
REACHED = sorted(
    {
        (outcome.to, outcome.reason or "", outcome.user_action or "")
        for table in (SIGNALS, OURS)
        for rows in table.values()
        for outcome in rows.values()
        if outcome.to is not None
    }
)
BY_HAND = {"wait_for_ban", "close_other_session", "update_recado", "open_phone", "write_to_known"}


def instance(
    state: str, reason: str | None = None, user_action: str | None = None, phone: str | None = None
) -> Instance:
    return Instance(
        id=UUID(int=1), instance_name="loja", status=status_of(state), state=state, reason=reason,  # type: ignore[arg-type]
        user_action=user_action, wanted="running", wanted_at=NOW, attempt=0, next_at=NOW, deadline=None, since=NOW,
        checked_at=NOW, last_activity_at=None, phone_number=phone, lid=None, push_name=None, platform=None,
        webhook_url=None, engine="fake", owner_id=None, created_at=NOW, updated_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.language)
@pytest.mark.parametrize("reached", REACHED, ids="-".join)
def test_every_state_that_can_be_reached_is_said_in_whole_sentences(reached: tuple[str, str, str], look: Look):
    state, reason, action = reached
    shown = standing_of(instance(state, reason or None, action or None), look)
    assert shown.label
    assert shown.sentence.endswith((".", "!"))
    assert "?" not in shown.sentence
    assert "{" not in shown.sentence
    assert "_" not in shown.sentence


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.language)
@pytest.mark.parametrize("concern", CONCERNS)
def test_a_concern_of_one_that_is_connected_is_a_warning_with_advice(concern: str, look: Look):
    worried = instance("connected", concern, CONCERNS[concern].user_action, "5511999990001")  # type: ignore[index]
    shown = standing_of(worried, look, until=NOW)
    assert (shown.tone, shown.until, shown.do) == ("warn", NOW, None)
    assert "?" not in shown.sentence
    assert shown.advice


@pytest.mark.parametrize("phone", [None, "5511999990001"])
@pytest.mark.parametrize("reached", REACHED, ids="-".join)
def test_whoever_has_to_do_something_finds_a_button_or_advice(reached: tuple[str, str, str], phone: str | None):
    state, reason, action = reached
    shown = standing_of(instance(state, reason or None, action or None, phone), LOOKS[0])
    if action in BY_HAND:
        assert shown.advice
    if state in FINAL or state == "awaiting_scan":
        assert shown.do


@pytest.mark.parametrize("state", STATES)
def test_one_that_moved_can_only_be_removed(state: str):
    assert acts_of(instance(state, "moved", None, "5511999990001")) == {"remove"}


def test_what_runs_can_be_stopped_and_what_rests_can_be_started():
    assert acts_of(instance("connected", None, None, "5511999990001")) == {"stop", "restart", "logout", "remove"}
    assert acts_of(instance("reconnecting", "connection_lost", None, "5511999990001")) == {
        "start", "stop", "logout", "remove",
    }  # fmt: skip
    assert acts_of(instance("stopped", "qr_expired", "start")) == {"start", "remove"}


def test_one_that_was_stopped_before_a_phone_was_linked_does_not_claim_to_stay_linked():
    assert standing_of(instance("stopped", "stopped_by_user", "start"), LOOKS[0]).sentence == "No phone is linked yet."
