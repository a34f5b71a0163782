"""What people see in a terminal: tables, and a QR drawn with half blocks."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import segno

# The blocks are the light modules.
_WHITE_ON_BLACK: Final = "\x1b[38;5;231;48;5;16m"
_PLAIN: Final = "\x1b[0m"
_BOLD: Final = "\x1b[1m"
_WIDTH: Final = 80
_NAMES: Final = ("name", "phone_number", "jid", "lid")


def table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """Left-aligned columns under their names; a dash where there is nothing."""
    shown = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(columns, *shown, strict=True)]
    lines = [[name.upper().replace("_", " ") for name in columns], *shown]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def minute(time: str | None) -> str | None:
    """A time of the API, for people: UTC, to the second."""
    return time[:19].replace("T", " ") if time else None


def who(named: Mapping[str, Any]) -> str:
    """A chat or a person by the best that is known."""
    return str(next((value for key in _NAMES if (value := named.get(key))), "?"))


def cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def marked(snippet: dict[str, Any] | None) -> str | None:
    """The line of a hit; on a terminal what was found stands out."""
    if snippet is None:
        return None
    text, shown, at = snippet["text"], [], 0
    for start, end in snippet["highlights"] if sys.stdout.isatty() else ():
        shown += [text[at:start], _BOLD, text[start:end], _PLAIN]
        at = end
    return " ".join("".join([*shown, text[at:]]).split())


def spoken() -> dict[str, str]:
    """The header that asks for the terminal's own language."""
    return {"Accept-Language": (os.environ.get("LC_ALL") or os.environ.get("LANG") or "en")[:2]}


def qr(text: str) -> str:
    """The code as text, two modules a character; on a terminal dark on light, whatever its colours."""
    out = io.StringIO()
    segno.make(text, error="l").terminal(out, compact=True, border=2)
    lines = out.getvalue().splitlines()
    return "\n".join(f"{_WHITE_ON_BLACK}{line}{_PLAIN}" if sys.stdout.isatty() else line for line in lines)


def _cell(value: Any) -> str:
    if value is None or value == []:
        return "–"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def verdict(mark: str, sentence: str, hint: str = "") -> str:
    """One finding and, below it, what to do."""
    return f"{mark} {sentence}" + (f"\n   {hint}" if hint else "")
