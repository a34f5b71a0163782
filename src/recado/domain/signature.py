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


class Signer:
    """Signs with one key, or with several while a secret is being changed: then old and new one both verify."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        # A state that is copied spares the setting up of the key for each event.
        self._states = [hmac.new(key, digestmod="sha256") for key in keys]

    def sign(self, event_id: str, at: datetime, body: bytes) -> dict[str, str]:
        """The three headers."""
        timestamp = str(int(at.timestamp()))
        content = b"%b.%b.%b" % (event_id.encode(), timestamp.encode(), body)
        signatures = ["v1," + _digest(state, content) for state in self._states]
        return {
            "webhook-id": event_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(signatures),
        }


def sign(keys: Sequence[bytes], event_id: UUID | str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers, of a `Signer` that is used this once."""
    return Signer(keys).sign(str(event_id), at, body)


def _digest(state: hmac.HMAC, content: bytes) -> str:
    own = state.copy()
    own.update(content)
    return binascii.b2a_base64(own.digest(), newline=False).decode()
