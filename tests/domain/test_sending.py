"""What may be sent, and what each outcome of a try means."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.domain.engine import EngineError
from recado.domain.errors import Invalid
from recado.domain.numbers import spellings
from recado.domain.sending import (
    PATIENCE,
    PAUSES,
    TEXT_LIMIT,
    Postponed,
    Quoted,
    Refused,
    check_text,
    content_of,
    judge,
)


@pytest.mark.parametrize("text", ["a", "Olá, João! 👋🏽", "x" * TEXT_LIMIT, "👋" * TEXT_LIMIT, " a ", "\u200b"])
def test_a_text_of_1_to_65536_characters_can_be_sent(text):
    check_text(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "text_empty"),
        (" \n\t", "text_empty"),
        ("x" * (TEXT_LIMIT + 1), "text_too_long"),
        ("a\0b", "text_unsendable"),
        ("a\ud800", "text_unsendable"),
    ],
)
def test_any_other_text_is_refused_with_what_to_do(text, code):
    with pytest.raises(Invalid) as caught:
        check_text(text)
    assert (caught.value.code, caught.value.extra["field"], bool(caught.value.hint)) == (code, "text", True)


def test_a_plain_text_is_a_conversation():
    assert content_of("Oi") == ("conversation", {"conversation": "Oi"})


def test_an_answer_quotes_who_said_what():
    kind, content = content_of("Oi", Quoted(wa_id="A1", participant="55119@s.whatsapp.net", text="Olá"))
    assert kind == "extendedTextMessage"
    assert content["extendedTextMessage"] == {
        "text": "Oi",
        "contextInfo": {
            "stanzaID": "A1",
            "participant": "55119@s.whatsapp.net",
            "quotedMessage": {"conversation": "Olá"},
        },
    }


@pytest.mark.parametrize(
    "kind", ["not_connected", "unknown_session", "stale_fence", "host_down", "not_paired", "already_paired"]
)
def test_a_try_without_a_connection_waits_however_often(kind):
    verdict = judge(EngineError(kind, "no"), PATIENCE * 10)
    assert verdict == Postponed(pause=PAUSES[0], detail="no", counts=False)


def test_a_try_that_the_host_took_with_it_counts():
    assert judge(EngineError("host_down", "no", may_retry=True, is_uncertain=True), 0) == Postponed(
        pause=PAUSES[0], detail="no", counts=True, is_in_doubt=True
    )


def test_the_pauses_grow_and_stay_at_the_last():
    timeout = EngineError("timeout", "no", may_retry=True, is_uncertain=True)
    pauses = [verdict.pause for n in range(8) if isinstance(verdict := judge(timeout, n), Postponed)]
    assert pauses == [*PAUSES, PAUSES[-1], PAUSES[-1]]
    assert pauses[0] == timedelta(seconds=1)


def test_a_message_that_is_never_answered_is_given_up():
    timeout = EngineError("timeout", "no answer", may_retry=True, is_uncertain=True)
    assert judge(timeout, PATIENCE - 1) == Refused(code="timeout", detail="no answer")


@pytest.mark.parametrize("code", [463, 479, 400, 403, 420])
def test_a_refusal_by_the_server_is_final_and_keeps_its_code(code):
    verdict = judge(EngineError("server", "refused", server_code=code), 0)
    assert verdict == Refused(code=f"server_{code}", detail="refused")


@pytest.mark.parametrize("code", [408, 429, 500, 503])
def test_a_server_that_has_too_much_to_do_is_asked_again(code):
    assert isinstance(judge(EngineError("server", "later", server_code=code), 0), Postponed)


@pytest.mark.parametrize("kind", ["invalid_message", "not_on_whatsapp", "invalid_params", "internal"])
def test_what_cannot_succeed_is_given_up_at_once(kind):
    assert judge(EngineError(kind, "no"), 0) == Refused(code=kind, detail="no")


@pytest.mark.parametrize(
    ("one", "other"),
    [("5511988887777", "551188887777"), ("5215512345678", "525512345678"), ("5491112345678", "541112345678")],
)
def test_some_countries_spell_a_mobile_number_in_two_ways(one, other):
    assert (spellings(one), spellings(other)) == ((one, other), (other, one))


@pytest.mark.parametrize("phone", ["551133334444", "14155552671", "351912345678", "5511333344445"])
def test_any_other_number_has_one_spelling(phone):
    assert spellings(phone) == (phone,)


@given(st.from_regex(r"\d{8,15}", fullmatch=True))
def test_the_number_itself_comes_first_and_spelling_twice_leads_back(phone):
    first, *others = spellings(phone)
    assert first == phone
    assert all(spellings(other)[1] == phone for other in others)
