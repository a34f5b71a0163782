"""API keys: `rcd_` and 256 random bits, kept only as a hash."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from .access import SCOPES, Access
from .errors import Invalid

KEY_PREFIX: Final = "rcd_"
KEY_BYTES: Final = 32
ADMIN_KEY_LENGTH: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as people may see it: never its secret. `instance_id` None: it may see all instances."""

    id: UUID
    name: str
    scopes: Collection[str]
    instance_id: UUID | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    @property
    def access(self) -> Access:
        return Access(key_id=self.id, scopes=frozenset(self.scopes), instance_id=self.instance_id)

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey(Key):
    """A key with the name of the instance that it is bound to, None when it is bound to none."""

    instance_name: str | None


def secret_from(randomness: bytes) -> str:
    """A key's secret from 32 random bytes, safe in a URL and in a shell."""
    return KEY_PREFIX + base64.urlsafe_b64encode(randomness).rstrip(b"=").decode()


def hash_of(secret: str) -> bytes:
    """What is stored. Plain SHA-256 is enough: the secret has 256 random bits, so nothing can be guessed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def checked_name(name: str) -> str:
    """The name as it is kept. Raises Invalid."""
    name = name.strip()
    if not 1 <= len(name) <= 100 or "\x00" in name:
        raise Invalid("wrong_key_name", "A key's name has 1 to 100 characters.", field="name")
    return name


def checked_scopes(scopes: Collection[str]) -> frozenset[str]:
    """The scopes, if there are some and all are known. Raises Invalid."""
    unknown = sorted(set(scopes) - SCOPES.keys())
    if unknown or not scopes:
        detail = f"There is no scope {unknown[0]!r}." if unknown else "A key needs at least one scope."
        raise Invalid("wrong_scopes", detail, field="scopes", hint="Known: " + ", ".join(SCOPES))
    return frozenset(scopes)


def checked_end(expires_at: datetime | None, now: datetime) -> datetime | None:
    """The end, if it is still to come. Raises Invalid."""
    if expires_at is not None and expires_at <= now:
        raise Invalid("already_expired", "The key would have expired before it began.", field="expires_at")
    return expires_at
