"""Which of the messages that share an id are the same."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from recado.domain.union import Copy, is_same_content, unite


def copy(number: int, **changes: Any) -> Copy:
    plain = {"key": "k", "kind": "conversation", "text": "Oi", "raw": b"x", "variant": 0, "status": "sent"}
    return Copy(id=UUID(int=number), **(plain | changes))


def test_equal_text_is_equal_content_however_it_is_wrapped():
    assert is_same_content(copy(1), copy(2, kind="extendedTextMessage", raw=b"y"))


def test_other_text_is_other_content():
    assert not is_same_content(copy(1), copy(2, text="Olá"))


def test_without_text_the_bytes_decide():
    one = copy(1, kind="imageMessage", text=None)
    assert is_same_content(one, copy(2, kind="imageMessage", text=None))
    assert not is_same_content(one, copy(2, kind="imageMessage", text=None, raw=b"y"))
    assert not is_same_content(one, copy(2, kind="videoMessage", text=None))


def test_what_was_written_here_has_no_bytes_and_is_known_by_its_kind():
    assert is_same_content(copy(1, kind="imageMessage", text=None, raw=None), copy(2, kind="imageMessage", text=None))


def test_the_oldest_of_equal_ones_stays():
    assert unite([copy(2), copy(1)]).doubles == {UUID(int=2): UUID(int=1)}


def test_the_one_that_a_caller_knows_stays():
    assert unite([copy(1), copy(2, is_held=True)]).doubles == {UUID(int=1): UUID(int=2)}


def test_the_furthest_status_stays():
    assert unite([copy(1), copy(2, status="read"), copy(3, status="delivered")]).statuses == {UUID(int=1): "read"}


def test_different_ones_get_variants_of_their_own():
    united = unite([copy(1), copy(2, text="A"), copy(3, text="B"), copy(4, text="A", variant=1)])
    assert united.doubles == {UUID(int=4): UUID(int=2)}
    assert united.variants == {UUID(int=2): 2, UUID(int=3): 3}


def test_keys_are_looked_at_apart():
    united = unite([copy(1), copy(2, key="other")])
    assert (united.doubles, united.variants) == ({}, {})
