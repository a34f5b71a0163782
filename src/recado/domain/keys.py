"""API keys: `rcd_` and 256 random bits, kept only as a hash."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from .access import Access

KEY_PREFIX: Final = "rcd_"
KEY_BYTES: Final = 32
ADMIN_KEY_LENGTH: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as people may see it: never its secret. `instance_id` None: it may see all instances."""

    id: UUID
    name: str
    scopes: frozenset[str]
    instance_id: UUID | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    @property
    def access(self) -> Access:
        return Access(key_id=self.id, scopes=self.scopes, instance_id=self.instance_id)

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


def secret_from(randomness: bytes) -> str:
    """A key's secret from 32 random bytes, safe in a URL and in a shell."""
    return KEY_PREFIX + base64.urlsafe_b64encode(randomness).rstrip(b"=").decode()


def hash_of(secret: str) -> bytes:
    """What is stored. Plain SHA-256 is enough: the secret has 256 random bits, so nothing can be guessed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
