"""The catalogue of the timeline: each code has its sentences, and each sentence its code."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args
from uuid import UUID

import pytest

from recado.domain.reactions import CELLS
from recado.domain.states import UserAction
from recado.domain.timeline import ACTIONS, CATALOGUE, TimelineEntry, language_of, told

OUTCOMES = sorted(
    {(outcome.told_as, outcome.user_action, outcome.reason) for outcome in CELLS.values() if outcome.told_as},
    key=str,
)


def entry(code: str, language: str = "en", params: dict[str, object] | None = None) -> TimelineEntry:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    return told(id=UUID(int=1), at=at, code=code, state=None, params=params or {}, language=language_of(language))


def test_every_code_that_a_step_can_have_has_its_sentences() -> None:
    assert {code for code, _, _ in OUTCOMES} | {reason for _, _, reason in OUTCOMES if reason} <= set(CATALOGUE)


def test_every_sentence_belongs_to_a_code_that_can_happen() -> None:
    assert set(CATALOGUE) - {code for code, _, _ in OUTCOMES} == {"created"}


@pytest.mark.parametrize(("code", "action"), [(code, action) for code, action, _ in OUTCOMES])
def test_the_next_action_is_the_one_of_the_row(code: str, action: UserAction | None) -> None:
    assert CATALOGUE[code].action == action


def test_every_action_has_its_sentence() -> None:
    assert set(ACTIONS) == set(get_args(UserAction))


@pytest.mark.parametrize("phrase", [*CATALOGUE.values(), *ACTIONS.values()], ids=lambda phrase: phrase.en[:40])
def test_both_languages_say_it(phrase) -> None:
    assert phrase.en.endswith((".", "{detail}."))
    assert phrase.pt.endswith((".", "{detail}."))
    assert phrase.en != phrase.pt


@pytest.mark.parametrize(
    ("params", "detail"),
    [
        ({"code": 500, "text": "internal"}, " (500: internal)"),
        ({"code": 401, "text": "401: logged out from another device"}, " (401: logged out from another device)"),
        ({"code": "500", "text": '<stream:error code="500"/>'}, " (500)"),
        ({"error": "connection refused"}, " (connection refused)"),
        ({}, ""),
    ],
)
def test_what_the_network_said_stands_in_the_sentence(params: dict[str, object], detail: str) -> None:
    assert entry("stream_error", params=params).sentence == f"WhatsApp ended the connection with an error{detail}."


def test_the_next_action_is_told_in_the_language_asked_for() -> None:
    assert entry("unlinked", "pt-BR").next_action == "Inicie a instância e conecte o celular de novo."


def test_a_code_of_another_version_is_told_as_it_is() -> None:
    assert entry("glorious_news", "pt").sentence == "glorious_news"
