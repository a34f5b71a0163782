"""Countries where a mobile number is written in two ways, and WhatsApp knows only one of them."""

from __future__ import annotations

import re
from typing import Final

_TWO_WAYS: Final = (
    # Brazil's ninth digit, Mexico's 1 and Argentina's 9 after the country code.
    (re.compile(r"55([1-9]\d)9([6-9]\d{7})"), r"55\1\2"),
    (re.compile(r"55([1-9]\d)([6-9]\d{7})"), r"55\g<1>9\2"),
    (re.compile(r"521(\d{10})"), r"52\1"),
    (re.compile(r"52(\d{10})"), r"521\1"),
    (re.compile(r"549(\d{10})"), r"54\1"),
    (re.compile(r"54(\d{10})"), r"549\1"),
)


def spellings(phone: str) -> tuple[str, ...]:
    """The number itself (digits, international), then the other way of writing it where there is one."""
    for pattern, other in _TWO_WAYS:
        if pattern.fullmatch(phone):
            return phone, pattern.sub(other, phone)
    return (phone,)
