"""Values of protojson, each read as what it has to be; anything else counts as not told."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from recado.domain.events import rfc3339
from recado.domain.jid import parse_jid
from recado.domain.texts import storable

MOST: Final = 256
"""Items of a list that are kept."""

_LONGEST: Final = 4096
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
_LATEST: Final = 253_402_300_799


def part(body: object, *names: str) -> Mapping[str, Any]:
    """The object at the end of these names, empty when there is none."""
    for name in names:
        body = body.get(name) if isinstance(body, Mapping) else None
    return body if isinstance(body, Mapping) else {}


def parts(body: object, name: str) -> list[Mapping[str, Any]]:
    items = body.get(name) if isinstance(body, Mapping) else None
    return [item for item in items[:MOST] if isinstance(item, Mapping)] if isinstance(items, list) else []


def text(body: Mapping[str, Any], name: str, most: int = _LONGEST) -> str | None:
    """What can be kept of it; None when it is empty."""
    value = body.get(name)
    return storable(value[:most]) if isinstance(value, str) and value else None


def whole_text(body: Mapping[str, Any], name: str) -> str | None:
    """What somebody has written, in full length."""
    value = body.get(name)
    return storable(value) if isinstance(value, str) and value else None


def texts(body: Mapping[str, Any], name: str) -> list[str]:
    items = body.get(name)
    found = [item for item in items if isinstance(item, str) and item] if isinstance(items, list) else []
    return [storable(item[:_LONGEST]) for item in found[: 4 * MOST]]


def number(body: Mapping[str, Any], name: str, most: int = 2**53) -> int | None:
    """protojson writes 64 bits as text. None outside of ±most."""
    value = body.get(name)
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -most <= value <= most:
        return None
    return value


def count(body: Mapping[str, Any], name: str, most: int = 2**31 - 1) -> int | None:
    """A number that is no less than 0."""
    value = number(body, name, most)
    return value if value is not None and value >= 0 else None


def real(body: Mapping[str, Any], name: str) -> float | None:
    value = body.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if abs(value) < 1e15 and math.isfinite(value) else None


def flag(body: Mapping[str, Any], name: str) -> bool | None:
    """True or None: what is not so is not said."""
    return True if body.get(name) is True else None


def moment(body: Mapping[str, Any], name: str, *, per_second: int = 1) -> str | None:
    """A time as RFC 3339; `per_second` is 1000 for milliseconds. 0 is no time."""
    value = number(body, name)
    seconds = (value or 0) / per_second
    return rfc3339(datetime.fromtimestamp(seconds, UTC)) if 0 < seconds <= _LATEST else None


def jid(body: Mapping[str, Any], name: str) -> str | None:
    """An account, without its device."""
    value = text(body, name, 256)
    read = parse_jid(value) if value else None
    return str(read.bare) if read is not None else None


def said(**fields: Any) -> dict[str, Any]:
    """Those of the fields that are told."""
    return {name: value for name, value in fields.items() if value is not None and value not in ("", [], {})}


def named(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields under a name; nothing when there are none."""
    return {name: fields} if fields else {}
