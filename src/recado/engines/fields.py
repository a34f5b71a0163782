"""What stands in the JSON of an event, read without trust: a wrong form is read as nothing at all."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from recado.domain.texts import storable

EARLIEST: Final = datetime(2009, 1, 1, tzinfo=UTC)
"""When WhatsApp began; no time of its own is older."""
_EARLIEST_MS: Final = EARLIEST.timestamp() * 1000
_AHEAD: Final = timedelta(days=1)
_NO_FIELDS: Final[Mapping[str, Any]] = {}


def fields_of(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _NO_FIELDS


def records(data: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; what else stands in it is left out."""
    value = data.get(name)
    yield from (one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else ()


def text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def shown(data: Mapping[str, Any], name: str) -> str | None:
    """Text as it can be stored; None when there is none."""
    return storable(text(data, name)) or None


def number(data: Mapping[str, Any], name: str, *, most: int) -> int:
    """A count between 0 and `most`."""
    value = data.get(name)
    return min(max(value, 0), most) if isinstance(value, int) and not isinstance(value, bool) else 0


def is_true(data: Mapping[str, Any], name: str) -> bool:
    return data.get(name) is True


def past(value: object, now: datetime) -> datetime | None:
    """Milliseconds as a time that WhatsApp can have known at `now`."""
    return moment(value, now + _AHEAD)


def moment(value: object, latest: datetime) -> datetime | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    if _EARLIEST_MS <= value <= latest.timestamp() * 1000:
        return datetime.fromtimestamp(value / 1000, UTC)
    return None


def binary(value: object) -> tuple[bytes, str | None]:
    """Bytes, and what was wrong with them; what is no base64 is kept as it came."""
    if not isinstance(value, str):
        return b"", "it came without bytes"
    try:
        return base64.b64decode(value, validate=True), None
    except (binascii.Error, ValueError):
        return value.encode("utf-8", "surrogatepass"), "its bytes are not base64"


def said(error: Exception) -> str:
    return storable(f"{error.__class__.__name__}: {error}")[:500]
