"""What people write, as HTML: escaped, with links to click on, names in place of mentions, long texts folded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from markupsafe import Markup, escape

from .cards import safe_link

FOLD_CHARACTERS: Final = 1_500
FOLD_LINES: Final = 24
_LINKS: Final = 200
_PART: Final = re.compile(r"https?://[^\s<>\"'`]{4,2000}|@\d{5,20}")
_EMPTY_LINES: Final = re.compile(r"\n\s*\n\s*\n(?:\s*\n)+")
_AFTER_A_LINK: Final = ".,;:!?)]}»”’…"
_LINK: Final = Markup('<a href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>')
_MENTION: Final = Markup('<span class="mention">@{}</span>')
_HIT: Final = Markup("<mark>{}</mark>")


def folded(text: str) -> tuple[str, bool]:
    """The beginning of a text that would fill the screen, and whether anything was left out."""
    start = _EMPTY_LINES.sub("\n\n", text[: 4 * FOLD_CHARACTERS].strip("\n"))
    end = min(len(start), FOLD_CHARACTERS)
    lines = [n for n, sign in enumerate(start[:end]) if sign == "\n"]
    if len(lines) >= FOLD_LINES:
        end = lines[FOLD_LINES - 1]
    while 0 < end < len(start) and (start[end] in "\u200d\ufe0f" or start[end - 1] == "\u200d"):
        end -= 1
    return start[:end], start[:end] != text.strip("\n")


def written(text: str, mentions: Mapping[str, str]) -> Markup:
    """`mentions` are names by the number or LID that stands behind the @ in the text."""
    pieces: list[Markup] = []
    at, links = 0, 0
    for found in _PART.finditer(text):
        if links >= _LINKS or found.start() < at:
            continue
        shown = found.group().rstrip(_AFTER_A_LINK) if found.group().startswith("http") else found.group()
        piece = _link(shown) if shown.startswith("http") else _mention(shown, mentions)
        if piece is not None:
            pieces += [escape(text[at : found.start()]), piece]
            at, links = found.start() + len(shown), links + 1
    return Markup("").join([*pieces, escape(text[at:])])


def highlighted(text: str, places: tuple[tuple[int, int], ...]) -> Markup:
    """A piece of text with the places marked where a search has found something."""
    pieces: list[Markup] = []
    at = 0
    for start, end in places:
        pieces += [escape(text[at:start]), _HIT.format(text[start:end])]
        at = end
    return Markup("").join([*pieces, escape(text[at:])])


def _link(shown: str) -> Markup | None:
    url = safe_link(shown)
    return _LINK.format(url, shown) if url else None


def _mention(shown: str, mentions: Mapping[str, str]) -> Markup | None:
    name = mentions.get(shown[1:])
    return _MENTION.format(name) if name is not None else None
