"""Text as PostgreSQL can keep it: NUL becomes the visible `␀` (U+2400), half a surrogate pair `�` (U+FFFD).

What came is not changed by this: a message's own bytes stand in `recado.message_raw`.
"""

from __future__ import annotations

import re
from typing import Any

_HALVES = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """The text itself, or what can be kept of it."""
    if "\0" in text:
        text = text.replace("\0", "␀")
    return text if text.isascii() else _HALVES.sub("�", text)


def storable_json(value: Any) -> Any:
    """The same for every string, keys included, of what came as JSON."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(key)): storable_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item) for item in value]
    return value
