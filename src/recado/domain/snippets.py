"""Where in a message a search has found something: a piece of its text, and the places in it to highlight."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

LENGTH: Final = 160
_BEFORE: Final = 40
_WORD: Final = re.compile(r"\w+")
_STEM: Final = re.compile(r"'((?:[^']|'')*)'(:\*)?")
_SCANNED: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """`field` is `text` or `quoted_text`; `highlights` are start and end in `text`, counted in characters."""

    field: str
    text: str
    highlights: tuple[tuple[int, int], ...]


def snippet_of(
    text: str | None, quoted_text: str | None, stems: Iterable[str], words: Iterable[str] = ()
) -> Snippet | None:
    """`stems` are those of the question, as PostgreSQL writes them, `words` its own. None when there is no text."""
    wanted = [(one.replace("''", "'"), bool(is_open)) for part in stems for one, is_open in _STEM.findall(part)]
    wanted += [(plain(word), False) for word in words]
    for field, value in (("text", text), ("quoted_text", quoted_text)):
        hits = list(_hits(value[:_SCANNED], wanted)) if value else []
        if value and hits:
            return _cut(field, value, hits)
    first = text or quoted_text
    return _cut("text" if text else "quoted_text", first, []) if first else None


def snippet_json(snippet: Snippet | None) -> dict[str, Any] | None:
    if snippet is None:
        return None
    highlights = [list(span) for span in snippet.highlights]
    return {"field": snippet.field, "text": snippet.text, "highlights": highlights}


def plain(text: str) -> str:
    """Small letters without accents, character by character."""
    return text.lower() if text.isascii() else "".join(_plain(character) for character in text)


def _plain(character: str) -> str:
    small = unicodedata.normalize("NFD", character)[0].lower()
    return small if len(small) == 1 else character


def _hits(text: str, wanted: list[tuple[str, bool]]) -> Iterator[tuple[int, int]]:
    for word in _WORD.finditer(plain(text)):
        said = word.group().replace("oes", "ao").replace("aes", "ao")
        if any(_is_of(said, stem, is_open=is_open) for stem, is_open in wanted):
            yield word.span()


def _is_of(word: str, stem: str, *, is_open: bool) -> bool:
    """Whether a word has that stem, near enough: endings are not known here, only how long they can be."""
    if is_open:
        return word.startswith(stem)
    return word.startswith(stem) and len(word) - len(stem) <= max(4, len(stem))


def _cut(field: str, text: str, hits: list[tuple[int, int]]) -> Snippet:
    start = max(0, hits[0][0] - _BEFORE) if hits and len(text) > LENGTH else 0
    start = min(start, max(0, len(text) - LENGTH))
    end = min(len(text), start + LENGTH)
    inside = tuple((a - start, b - start) for a, b in hits if a >= start and b <= end)
    return Snippet(field=field, text=text[start:end], highlights=inside)
