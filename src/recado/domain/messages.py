"""A message as it is kept and told: the same shape in the API, in webhooks and in streams."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from .chats import Chat, chat_json
from .contacts import Contact, contact_json
from .events import rfc3339

UNKNOWN = "unknown"
_ASIDES = frozenset({"protocolMessage", "reactionMessage", "encReactionMessage", "pollUpdateMessage",
                     "keepInChatMessage", "pinInChatMessage"})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusStep:
    """One step of a message. `contact` is None for what WhatsApp itself reported."""

    status: str
    at: datetime
    contact: Contact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A row of `whatsapp_messages` with its chat and sender. `sender` is None for your own.

    `kind` is the protobuf's field name (`conversation`, `imageMessage` …) or `unknown`; `text` is None for kinds that
    are not read. `history` is filled where one message is asked for.
    """

    id: UUID
    instance_id: UUID
    wa_id: str
    chat: Chat
    sender: Contact | None
    from_me: bool
    kind: str
    text: str | None
    quoted_wa_id: str | None
    sent_at: datetime
    tiebreak: int
    status: str
    status_at: datetime
    error_code: str | None = None
    error_detail: str | None = None
    history: tuple[StatusStep, ...] = ()


def is_aside(kind: str) -> bool:
    """A message about another one: it is kept, but nobody has to read it."""
    return kind in _ASIDES


def message_json(message: Message) -> dict[str, Any]:
    """A message on every way out. `error` is None unless it failed."""
    return {
        "id": str(message.id),
        "wa_id": message.wa_id,
        "chat": chat_json(message.chat),
        "sender": contact_json(message.sender) if message.sender else None,
        "from_me": message.from_me,
        "kind": message.kind,
        "text": message.text,
        "quoted_wa_id": message.quoted_wa_id,
        "sent_at": rfc3339(message.sent_at),
        "status": message.status,
        "status_at": rfc3339(message.status_at),
        "error": {"code": message.error_code, "detail": message.error_detail} if message.error_code else None,
    }


def step_json(step: StatusStep) -> dict[str, Any]:
    """One step of a message's status history."""
    return {
        "status": step.status,
        "at": rfc3339(step.at),
        "contact": contact_json(step.contact) if step.contact else None,
    }
