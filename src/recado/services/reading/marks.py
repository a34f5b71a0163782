"""Cursors that belong to one list: made for another one, or made up, they are refused."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.domain.errors import Invalid

Reader = Callable[[Any], Any]


class Marks:
    """The places of one list, which is known by its name and whose it is."""

    def __init__(self, *of: str | UUID) -> None:
        self._tag = hashlib.sha256(" ".join(map(str, of)).encode()).hexdigest()[:12]

    def at(self, *place: datetime | UUID | int | str | bool | None) -> str:
        """A place as text that means nothing to whoever holds it."""
        told = [_told(part) for part in place]
        document = json.dumps([self._tag, *told], separators=(",", ":"), ensure_ascii=False)
        return base64.urlsafe_b64encode(document.encode()).decode().rstrip("=")

    def read(self, cursor: str | None, *readers: Reader, field: str = "after") -> tuple[Any, ...] | None:
        """The place again, each part by its reader; None without a cursor. Raises Invalid."""
        if cursor is None:
            return None
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            tag, *parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            if tag != self._tag or len(parts) != len(readers):
                raise ValueError("it is of another list")
            return tuple(reader(part) for reader, part in zip(readers, parts, strict=True))
        except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise Invalid(
                "wrong_cursor",
                "That is no cursor of this list.",
                field=field,
                hint="Use `next` (as `after`) or `previous` (as `before`) of a page of the same list.",
            ) from error


def time(part: Any) -> datetime:
    """A reader."""
    read = datetime.fromisoformat(part)
    if read.tzinfo is None:
        raise ValueError("a time without a zone")
    return read


def whole(part: Any) -> int:
    """A reader of what the database has as bigint."""
    if not isinstance(part, int) or isinstance(part, bool) or not -(2**63) <= part < 2**63:
        raise ValueError("no number")
    return part


def truth(part: Any) -> bool:
    """A reader."""
    if not isinstance(part, bool):
        raise ValueError("neither true nor false")
    return part


def id(part: Any) -> UUID:
    """A reader."""
    return UUID(part) if isinstance(part, str) else _no_id()


def words(part: Any) -> str:
    """A reader."""
    if not isinstance(part, str) or "\0" in part or not part.isprintable():
        raise ValueError("no text")
    return part


def maybe(reader: Reader) -> Reader:
    """A reader of the same, or of nothing."""
    return lambda part: None if part is None else reader(part)


def _no_id() -> UUID:
    raise ValueError("no id")


def _told(part: Any) -> Any:
    if isinstance(part, datetime):
        return part.isoformat()
    return str(part) if isinstance(part, UUID) else part
