"""What an event is about is said in words, why an instance changed too; a code of another version as it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from recado.domain.events import LoggedEvent
from recado.domain.reactions import OURS, SIGNALS
from recado.web.event_gist import gist_of
from recado.web.look import Language, Look

REASONS = sorted(
    {outcome.reason for table in (SIGNALS, OURS) for rows in table.values() for outcome in rows.values()} - {None}
)


def gist(type: str, language: Language = "en", **data: Any) -> str:
    event = LoggedEvent(
        id=UUID(int=1), type=type, time=datetime(2026, 3, 10, 15, tzinfo=UTC), instance_id=None, instance_name=None,
        data=data, position=7,
    )  # fmt: skip
    return gist_of(event, Look(language=language, theme="auto", zone=ZoneInfo("UTC")))


@pytest.mark.parametrize("language", ["en", "pt"])
@pytest.mark.parametrize("reason", REASONS)
def test_why_an_instance_changed_is_a_sentence(reason: str, language: Language):
    shown = gist("instance.state", language, state="reconnecting", reason=reason)
    state, _, why = shown.partition(" · ")
    assert state == {"en": "Reconnecting", "pt": "Reconectando"}[language]
    assert " " in why
    assert reason not in why or "_" not in reason


def test_what_is_not_known_is_shown_as_it_is():
    assert gist("instance.state", state="asleep", reason="of_a_later_version") == "asleep · of_a_later_version"


def test_an_instance_without_a_reason_has_its_state_alone():
    assert gist("instance.state", state="connected", reason=None) == "Connected"
