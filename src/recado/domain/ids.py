"""Ids of our own are UUIDv7; WhatsApp's ids (`wa_id`) are kept as they come unless their form is odd."""

from __future__ import annotations

import hashlib
import re
from uuid import UUID

WA_ID_BYTES = 10
_USUAL_WA_ID = re.compile(r"[A-Za-z0-9._:@-]{1,64}")


def uuid7(unix_ms: int, randomness: bytes) -> UUID:
    """Build a UUIDv7 from milliseconds since 1970 and at least 10 random bytes (RFC 9562, 5.7)."""
    if len(randomness) < 10:
        raise ValueError("uuid7 needs 10 random bytes")
    value = (unix_ms & ((1 << 48) - 1)) << 80 | int.from_bytes(randomness[:10], "big")
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return UUID(int=value)


def wa_id(randomness: bytes) -> str:
    """The id that WhatsApp will know a message of ours by: `3EB0` and 18 hex digits, as its web client makes them."""
    return "3EB0" + randomness[:9].hex().upper()


def storable_wa_id(received: str) -> str:
    """The id itself when its form is usual, else a fingerprint of it (`odd:` and 32 hex digits)."""
    if _USUAL_WA_ID.fullmatch(received):
        return received
    return "odd:" + hashlib.sha256(received.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def dated(id: UUID, unix_ms: int) -> UUID:
    """The same UUIDv7 with another time in it: its place among others is that time's."""
    return UUID(int=(unix_ms & ((1 << 48) - 1)) << 80 | id.int & ((1 << 80) - 1))
