"""WhatsApp's padding of a plaintext: 1 to 15 bytes that each say how many they are."""

from __future__ import annotations

from recado_simulator.keys import RandomSource
from recado_simulator.signal.errors import InvalidMessage


def pad(plaintext: bytes, random: RandomSource) -> bytes:
    """`plaintext` with 1 to 15 bytes behind it."""
    count = random.randbytes(1)[0] & 15 or 15
    return plaintext + bytes((count,)) * count


def unpad(padded: bytes) -> bytes:
    """The inverse of `pad`. Raises InvalidMessage when the padding is wrong."""
    count = padded[-1] if padded else 0
    if not 0 < count <= len(padded) or padded[-count:] != bytes((count,)) * count:
        raise InvalidMessage("the padding is wrong")
    return padded[:-count]
