"""A conversation: with a person, or of a group, a list, a channel, known by its JID."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from .contacts import Contact
from .jid import ChatKind, Identity, parse_jid

FOREVER: Final = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
"""Until when a chat is muted that is so for good; the table has `infinity`."""

_USUAL_JID = re.compile(r"[A-Za-z0-9._:@-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A row of `whatsapp_chats`: a person's has `contact`, any other has `jid`."""

    id: UUID
    instance_id: UUID
    kind: ChatKind
    contact: Contact | None
    jid: str | None
    name: str | None = None
    unread_count: int = 0
    last_message_id: UUID | None = None
    last_message_at: datetime | None = None
    is_archived: bool = False
    pinned_at: datetime | None = None
    muted_until: datetime | None = None

    @property
    def shown_name(self) -> str | None:
        return self.name or (self.contact.shown_name if self.contact else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a message belongs: with a person (`identity`), or by a JID. Never both."""

    kind: ChatKind
    identity: Identity | None = None
    jid: str | None = None


def address_of(chat: str, identity: Identity) -> Address:
    """The address behind a chat's JID and what is known of the person. A JID that cannot be read stands for itself."""
    jid = parse_jid(chat)
    kind = jid.kind if jid is not None else "other"
    if kind == "person":
        if identity.phone or identity.lid:
            return Address(kind="person", identity=identity)
        kind = "other"
    return Address(kind=kind, jid=storable_jid(str(jid.bare) if jid is not None else chat))


def storable_jid(received: str) -> str:
    """The JID itself when its form is usual, else a fingerprint of it (`odd:` and 32 hex digits)."""
    if _USUAL_JID.fullmatch(received):
        return received
    return "odd:" + hashlib.sha256(received.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def chat_json(chat: Chat) -> dict[str, Any]:
    """A chat as messages and events name it. A person's carries phone number and LID, any other its `jid`."""
    contact = chat.contact
    return {
        "id": str(chat.id),
        "kind": chat.kind,
        "phone_number": contact.phone_number if contact else None,
        "lid": contact.lid if contact else None,
        "jid": chat.jid,
        "name": chat.shown_name,
    }
