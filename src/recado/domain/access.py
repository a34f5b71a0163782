"""Who asks, and what that key may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

SCOPES: Final[dict[str, str]] = {
    "admin": "everything, keys included",
    "instances:read": "see instances, their state, QR and timeline",
    "instances:write": "create, start, stop, pair, log out and remove instances",
    "messages:read": "read messages, chats and contacts",
    "messages:send": "send messages",
    "webhooks": "see and change webhooks",
    "events": "follow the event stream",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a request may do: its scopes, and the one instance it is bound to (None: all of them)."""

    key_id: UUID | None
    scopes: frozenset[str]
    instance_id: UUID | None = None

    def may(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes

    def sees(self, instance_id: UUID) -> bool:
        return self.instance_id is None or self.instance_id == instance_id


EVERYTHING: Final = Access(key_id=None, scopes=frozenset({"admin"}))
