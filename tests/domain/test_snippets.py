"""The piece of a text in which a search has found something."""

from __future__ import annotations

from recado.domain.snippets import LENGTH, Snippet, plain, snippet_json, snippet_of


def spans(snippet: Snippet | None) -> list[str]:
    assert snippet is not None
    return [snippet.text[start:end] for start, end in snippet.highlights]


def test_a_short_text_is_shown_whole():
    snippet = snippet_of("O pedido e os PEDIDOS", None, ["('ped')"])
    assert snippet_json(snippet) == {
        "field": "text",
        "text": "O pedido e os PEDIDOS",
        "highlights": [[2, 8], [14, 21]],
    }


def test_of_a_long_text_the_part_with_the_hit_is_shown():
    snippet = snippet_of("nada " * 100 + "agulha" + " palha" * 100, None, ["'agulh'"])
    assert snippet is not None
    assert len(snippet.text) == LENGTH
    assert spans(snippet) == ["agulha"]


def test_accents_and_emoji_do_not_move_the_places():
    assert spans(snippet_of("😀 İ não João", None, ["'joao'"])) == ["João"]


def test_a_beginning_finds_longer_words_a_stem_only_those_with_an_ending():
    assert spans(snippet_of("pedra pedregulho", None, ["'ped':*"])) == ["pedra", "pedregulho"]
    assert spans(snippet_of("pedido pedregulheira", None, ["'ped'"])) == ["pedido"]


def test_without_a_hit_the_beginning_is_shown():
    snippet = snippet_of("a" * 500, None, ["'happi'"])
    assert snippet is not None
    assert (len(snippet.text), snippet.highlights) == (LENGTH, ())


def test_without_any_text_there_is_nothing_to_show():
    assert snippet_of(None, None, ["'x'"]) is None


def test_a_quote_inside_of_a_stem():
    assert spans(snippet_of("d'água", None, ["'d''agua' | 'agua'"])) == ["água"]


def test_plain_text_has_as_many_characters():
    for text in ("İstanbul", "ﬁm", "ação", "日本", "é"):
        assert len(plain(text)) == len(text)
