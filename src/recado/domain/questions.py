"""What somebody searches for: words, the beginning of a word, and phrases in quotes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from .errors import Invalid

LONGEST: Final = 200
MOST_WORDS: Final = 16
_SHORTEST_BEGINNING: Final = 3
_PHRASE: Final = re.compile(r'"([^"]*)"')
_LAST_LATIN: Final = "\u024f"
_LETTER: Final = re.compile(r"[^\W_]|[^\x00-\u024f\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All `words` have to be there, the last one at least as the beginning of a word if `has_beginning`.

    The words of a phrase are among them, and it has to be there as it stands.
    """

    words: tuple[str, ...]
    phrases: tuple[str, ...] = ()
    has_beginning: bool = False


def question_of(text: str) -> Question:
    """Read a search as people write it. Raises Invalid, field `search`, when there is nothing in it to look for."""
    if len(text) > LONGEST:
        raise _refused("search_too_long", f"The search has {len(text)} characters; {LONGEST} are the most.")
    words = _words(text)
    letters = "".join(_LETTER.findall(text))
    if not words:
        raise _refused("search_without_words", "There is no word in this search.")
    if len(letters) < 2 and letters <= _LAST_LATIN:
        raise _refused("search_too_short", "A search needs two letters or digits at least.")
    if len(words) > MOST_WORDS:
        raise _refused("search_too_long", f"The search has {len(words)} words; {MOST_WORDS} are the most.")
    phrases = tuple(" ".join(one.split()) for one in _PHRASE.findall(text) if len(_words(one)) > 1)
    is_open = not text.rstrip().endswith('"') and not text[-1:].isspace()
    return Question(words=words, phrases=phrases, has_beginning=is_open and len(words[-1]) >= _SHORTEST_BEGINNING)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace('"', " ").split() if _LETTER.search(word))


def _refused(code: str, detail: str) -> Invalid:
    return Invalid(code, detail, field="search", hint="Write a word, or the beginning of one.")
