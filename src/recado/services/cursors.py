"""Cursors: the place in a list where the next page begins, as text that means nothing to whoever holds it."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from uuid import UUID

from recado.domain.errors import Invalid


def to_cursor(*place: datetime | UUID | int | None) -> str:
    """Parts of a place, in order."""
    parts = ["" if part is None else part.isoformat() if isinstance(part, datetime) else str(part) for part in place]
    return base64.urlsafe_b64encode(" ".join(parts).encode()).decode().rstrip("=")


def from_cursor(cursor: str, count: int) -> list[str]:
    """The parts again. Raises Invalid, field `after`, for what is no cursor of this list."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").split(" ")
    except (binascii.Error, ValueError):
        parts = []
    if len(parts) != count:
        raise wrong_cursor()
    return parts


def wrong_cursor() -> Invalid:
    return Invalid(
        "wrong_cursor", "That is no cursor of this list.", field="after", hint="Use `next` of the page before."
    )
