"""Text as PostgreSQL can keep it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from recado.domain.texts import storable, storable_json


def test_usual_text_is_left_alone():
    assert storable("Olá 👍") == "Olá 👍"


def test_nul_and_half_pairs_become_visible():
    assert storable("a\0b\udfff") == "a␀b�"


def test_keys_are_text_too():
    assert storable_json({"a\0": ["\0", {"b": 1}]}) == {"a␀": ["␀", {"b": 1}]}


@given(st.text(st.characters()))
def test_all_text_can_be_kept(text: str):
    assert "\0" not in storable(text).encode().decode()


@given(st.recursive(st.none() | st.text(st.characters()), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_json_keeps_its_form(value: Any):
    once = storable_json(value)
    assert storable_json(once) == once
