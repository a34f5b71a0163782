"""The text of a pairing QR code."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Self

KEY_SIZE = 32


class NotAPairingCode(ValueError):
    """The text is not what a device shows for pairing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingQr:
    """What a device shows: the server's `ref`, its Noise and identity public keys, its adv secret (32 bytes each)."""

    ref: str
    noise: bytes
    identity: bytes
    adv_secret: bytes
    platform: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `[https://…#]ref,noise,identity,adv[,platform]`. Raises NotAPairingCode."""
        parts = text.strip().rpartition("#")[2].split(",")
        if len(parts) not in (4, 5) or not parts[0]:
            raise NotAPairingCode(f"a pairing QR code has 4 or 5 parts, this text has {len(parts)}")
        noise, identity, adv_secret = (_key(part) for part in parts[1:4])
        platform = parts[4] if len(parts) == 5 else None
        return cls(ref=parts[0], noise=noise, identity=identity, adv_secret=adv_secret, platform=platform)


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise NotAPairingCode("a key of the QR code is not base64") from error
    if len(key) != KEY_SIZE:
        raise NotAPairingCode(f"a key of the QR code has {len(key)} bytes, not {KEY_SIZE}")
    return key
