"""JSON for people: a line each, coloured by classes, what is very long shortened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
from markupsafe import Markup, escape

LONGEST: Final = 2_000
_MOST_LINES: Final = 1_500
_DEEPEST: Final = 40
_SPAN: Final = Markup('<span class="{}">{}</span>')


class JsonView:
    """`html` is what is shown; `is_cut` says whether anything was left out of it."""

    def __init__(self, value: Any) -> None:
        self.is_cut = False
        self._lines = 0
        self.html = Markup("").join(self._drawn(value, 0))

    def _drawn(self, value: Any, depth: int) -> Iterator[Markup]:
        match value:
            case Mapping() if value:
                named = [(_SPAN.format("key", _text(str(name))) + ": ", inner) for name, inner in value.items()]
                yield from self._within("{", "}", depth, named)
            case Sequence() if value and not isinstance(value, str):
                yield from self._within("[", "]", depth, [(Markup(), inner) for inner in value])
            case str():
                yield _SPAN.format("string", self._shortened(value))
            case bool() | None:
                yield _SPAN.format("literal", _text(value))
            case int() | float():
                yield _SPAN.format("number", _text(value))
            case _:
                yield escape(_text(value))

    def _within(self, begin: str, end: str, depth: int, parts: list[tuple[Markup, Any]]) -> Iterator[Markup]:
        yield escape(begin)
        for n, (name, value) in enumerate(parts):
            self._lines += 1
            if self._lines > _MOST_LINES or depth >= _DEEPEST:
                self.is_cut = True
                yield escape(f"\n{'  ' * (depth + 1)}…")
                break
            yield escape("\n" + "  " * (depth + 1)) + name
            yield from self._drawn(value, depth + 1)
            if n + 1 < len(parts):
                yield Markup(",")
        yield escape("\n" + "  " * depth + end)

    def _shortened(self, text: str) -> str:
        if len(text) <= LONGEST:
            return _text(text)
        self.is_cut = True
        return _text(text[:LONGEST])[:-1] + "…"


def _text(value: Any) -> str:
    """As it stands in JSON."""
    return orjson.dumps(value, default=str).decode("utf-8", "replace")
