"""Standard Webhooks signatures (standardwebhooks.com): a receiver proves with them that a delivery is ours."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

SECRET_PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32


def secret_from(randomness: bytes) -> str:
    """A secret in the standard's form from 24 to 32 random bytes."""
    if not 24 <= len(randomness) <= 32:
        raise ValueError("a webhook secret has 24 to 32 bytes")
    return SECRET_PREFIX + base64.b64encode(randomness).decode()


def key_of(secret: str) -> bytes:
    """The bytes that a secret stands for. Raises ValueError when it is none."""
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError:
        raise ValueError("not a webhook secret") from None


def sign(keys: Sequence[bytes], event_id: UUID | str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers; one signature for each key, so that old and new secret both verify during a rotation."""
    timestamp = str(int(at.timestamp()))
    content = f"{event_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": str(event_id),
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(["v1," + _digest(key, content) for key in keys]),
    }


def _digest(key: bytes, content: bytes) -> str:
    return binascii.b2a_base64(hmac.digest(key, content, "sha256"), newline=False).decode()
