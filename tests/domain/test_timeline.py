"""The catalogue of the timeline: each code has its sentences, and each sentence its code."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

import pytest

from recado.domain import life
from recado.domain.concerns import CONCERNS, Concern, worry
from recado.domain.reactions import CELLS
from recado.domain.states import FINAL, UserAction
from recado.domain.timeline import ACTIONS, CATALOGUE, TimelineEntry, language_of, told
from tests.domain.observing import NOW, observed

OUTCOMES = sorted(
    {(outcome.told_as, outcome.user_action, outcome.reason) for outcome in CELLS.values() if outcome.told_as},
    key=str,
)

LEFT_TO_THE_USER = {
    str(outcome.told_as)
    for outcome in CELLS.values()
    if outcome.told_as and outcome.to in FINAL | {"awaiting_scan", "conflict", "blocked"}
} | set(CONCERNS)
GIVEN = {
    "history_complete": {"chats", "messages"},
    "time_lock": {"until"},
    "new_chats_refused": {"until"},
    "phone_offline": {"days"},
    "phone_unlinks_soon": {"days"},
    "nothing_heard": {"silence"},
}
"""The parameters of each sentence, beside what the network said."""


def entry(code: str, language: str = "en", params: dict[str, object] | None = None) -> TimelineEntry:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    return told(id=UUID(int=1), at=at, code=code, state=None, params=params or {}, language=language_of(language))


def test_every_code_that_a_step_can_have_has_its_sentences() -> None:
    assert {code for code, _, _ in OUTCOMES} | {reason for _, _, reason in OUTCOMES if reason} <= set(CATALOGUE)


def test_every_sentence_belongs_to_a_code_that_can_happen() -> None:
    others = {
        "created",
        "needs_pairing",
        "app_state_wrong",
        "history_begun",
        "history_complete",
        "history_piece_lost",
        "moved",
        "restored",
    }
    worries = set(CONCERNS) | {row.relief for row in CONCERNS.values()}
    assert set(CATALOGUE) - {code for code, _, _ in OUTCOMES} == others | worries


@pytest.mark.parametrize("concern", CONCERNS)
def test_the_next_action_of_a_concern_is_the_one_of_its_row(concern: Concern) -> None:
    assert CATALOGUE[concern].action == CONCERNS[concern].user_action


@pytest.mark.parametrize(("code", "action"), [(code, action) for code, action, _ in OUTCOMES])
def test_the_next_action_is_the_one_of_the_row(code: str, action: UserAction | None) -> None:
    assert CATALOGUE[code].action == action


@pytest.mark.parametrize("language", ["en", "pt"])
@pytest.mark.parametrize("code", sorted(LEFT_TO_THE_USER))
def test_a_step_that_leaves_something_to_the_user_says_what_to_do(code: str, language: str) -> None:
    said = entry(code, language)

    assert said.sentence
    assert said.next_action in {phrase.pt if language == "pt" else phrase.en for phrase in ACTIONS.values()}


def test_a_step_that_leaves_nothing_to_the_user_asks_nothing_of_them() -> None:
    quiet = {outcome.told_as for outcome in CELLS.values() if outcome.told_as} - LEFT_TO_THE_USER

    assert [code for code in quiet if entry(code).next_action is not None] == []


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_both_sentences_say_the_same_parameters_and_all_of_them_are_given(code: str) -> None:
    english, portuguese = (re.findall(r"{(\w+)}", text) for text in (CATALOGUE[code].en, CATALOGUE[code].pt))

    assert sorted(english) == sorted(portuguese)
    assert set(english) - {"detail"} == GIVEN.get(code, set())


def test_what_is_said_of_a_silence_and_of_a_phone_is_whole_in_both_languages() -> None:
    silence = life.doubt(observed("connected"), timedelta(hours=2), NOW)
    phone = worry(observed("connected"), "phone_unlinks_soon", params={"days": 12})
    for step in (silence, phone):
        for language in ("en", "pt"):
            assert "?" not in entry(step.code or "", language, step.params).sentence


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
