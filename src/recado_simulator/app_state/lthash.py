"""The LTHash of app state: one number for a set of entries, whatever the order in which they came and went.

It is 64 sums of 16 bits, each little-endian and without carry into its neighbour. The sums are added as two long
integers in which every second one is blank, so that carries end in the gaps.
"""

from __future__ import annotations

from recado_simulator.keys import hkdf

SIZE = 128
INFO = b"WhatsApp Patch Integrity"
EVEN = int.from_bytes(b"\xff\xff\x00\x00" * (SIZE // 4), "little")
LENT = int.from_bytes(b"\x00\x00\x01\x00" * (SIZE // 4), "little")  # by the gap above, for a difference below zero
LANES = ((EVEN, LENT), (EVEN << 16, LENT << 16))
EMPTY = 0


def part(value_mac: bytes) -> int:
    """What an entry with this value MAC adds to the hash."""
    return int.from_bytes(hkdf(value_mac, info=INFO, size=SIZE), "little")


def plus(hash: int, part: int) -> int:
    return sum(((hash & lane) + (part & lane)) & lane for lane, _ in LANES)


def minus(hash: int, part: int) -> int:
    return sum(((hash & lane) + lent - (part & lane)) & lane for lane, lent in LANES)


def as_bytes(hash: int) -> bytes:
    """The 128 bytes that MACs are made over."""
    return hash.to_bytes(SIZE, "little")
