"""What people write as HTML, what they are called, and what is folded."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from recado.domain.contacts import Contact
from recado.web.cards import safe_link, size
from recado.web.look import Look
from recado.web.names import LONGEST, initials, person_name, shown_phone
from recado.web.written import FOLD_CHARACTERS, FOLD_LINES, folded, highlighted, written

LOOK = Look(language="en", theme="auto", zone=ZoneInfo("UTC"))
LINK = '<a href="{0}" target="_blank" rel="noopener noreferrer nofollow">{0}</a>'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("veja https://example.com/a?b=1&c=2.", f"veja {LINK.format('https://example.com/a?b=1&amp;c=2')}."),
        ("(http://example.com)", f"({LINK.format('http://example.com')})"),
        ("https://exa mple", "https://exa mple"),
        ("https://", "https://"),
        ('https://e.com/"x', f"{LINK.format('https://e.com/')}&#34;x"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("oi @5511988887777!", 'oi <span class="mention">@Maria &amp; Zé</span>!'),
        ("oi @5511900000000", "oi @5511900000000"),
    ],
)
def test_links_and_mentions_stand_out_and_everything_else_is_text(text: str, expected: str):
    assert written(text, {"5511988887777": "Maria & Zé"}) == expected


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//e.com", "http:///x", "https://[x", "a" * 9_000]
)
def test_only_addresses_of_the_web_may_be_clicked_on(url: str):
    assert safe_link(url) == ""


def test_a_short_text_is_not_folded():
    assert folded("Olá\n\nmundo\n") == ("Olá\n\nmundo", False)


@pytest.mark.parametrize(
    "text", ["😀" * 4_000, "x" * 1_000_000, "linha\n" * 500, "\n" * 300 + "fim" + "\n" * 9 + "x" * 5_000]
)
def test_the_beginning_of_a_long_text_fits_the_screen(text: str):
    shown, is_cut = folded(text)
    assert is_cut
    assert 0 < len(shown) <= FOLD_CHARACTERS
    assert shown.count("\n") < FOLD_LINES


def test_many_empty_lines_are_two():
    assert folded("a" + "\n" * 300 + "b") == ("a\n\nb", True)


def test_a_family_of_emoji_is_not_cut_in_two():
    family = "👨\u200d👩\u200d👧"
    shown, _ = folded("x" * (FOLD_CHARACTERS - 2) + family)
    assert not shown.endswith("\u200d")


def test_what_a_search_has_found_is_marked_and_escaped():
    assert highlighted("<b> pão", ((4, 7),)) == "&lt;b&gt; <mark>pão</mark>"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Maria", "Maria"),
        ("  Maria \n Souza ", "Maria Souza"),
        ("\u202eabc\u2066", "abc"),
        ("   ", "+55 11 98888-7777"),
        ("\u0301" * 200 + "zalgo", "zalgo"),
        ("a" + "\u0301" * 200, "a" + "\u0301" * 4),
        ("A" * 3_000, "A" * (LONGEST - 1) + "…"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
    ],
)
def test_a_name_can_be_read(name: str, expected: str):
    contact = Contact(id=UUID(int=1), instance_id=UUID(int=2), phone_number="5511988887777", lid=None, push_name=name)
    assert person_name(contact, LOOK) == expected


def test_whoever_has_no_name_is_told_apart():
    contact = Contact(id=UUID(int=1), instance_id=UUID(int=2), phone_number=None, lid="99887766554433@lid")
    assert person_name(contact, LOOK) == "Somebody (…4433)"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Maria Souza", "MS"), ("maria", "M"), ("+55 11", ""), ("😀 oi", "O"), ("<b>", "<"), ("", "")],
)
def test_initials(name: str, expected: str):
    assert initials(name) == expected


@pytest.mark.parametrize(
    ("phone", "expected"), [("5511988887777", "+55 11 98888-7777"), ("1", "+1"), (None, ""), ("9" * 30, "+" + "9" * 30)]
)
def test_a_number_is_written_as_people_write_it(phone: str | None, expected: str):
    assert shown_phone(phone) == expected


@pytest.mark.parametrize(("count", "expected"), [(512, "512 B"), (1_258_291, "1.2 MB"), (0, ""), (-5, ""), (None, "")])
def test_the_size_of_a_file(count: int | None, expected: str):
    assert size(count, LOOK) == expected


def test_hostile_texts_cost_no_more_than_their_length():
    for text in ("\n " * 500_000, "https://" * 100_000, "@1" * 500_000, "a\u0301" * 500_000):
        shown, _ = folded(text)
        written(shown, {})
        assert len(written(text, {})) < 20 * len(text)
