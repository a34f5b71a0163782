"""What people see in a terminal: tables, and a QR drawn with half blocks."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Any, Final

import segno

# The blocks are the light modules.
_WHITE_ON_BLACK: Final = "\x1b[38;5;231;48;5;16m"
_PLAIN: Final = "\x1b[0m"


def table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """Left-aligned columns under their names; a dash where there is nothing."""
    shown = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(columns, *shown, strict=True)]
    lines = [[name.upper().replace("_", " ") for name in columns], *shown]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


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
