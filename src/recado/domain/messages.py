"""A message as it is kept and told: the same shape in the API, in webhooks and in streams."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from .chats import Chat, chat_json
from .contacts import Contact, contact_json
from .events import rfc3339
from .media import Media, media_json
from .summaries import quoted_line, summary
from .timeline import Language

UNKNOWN = "unknown"
STUB = "stub"
QUOTED: Final = 300
"""Characters of what is quoted that are kept."""
ASIDES: Final = frozenset(
    {
        "protocolMessage",
        "reactionMessage",
        "encReactionMessage",
        "pollUpdateMessage",
        "pollAddOptionMessage",
        "keepInChatMessage",
        "pinInChatMessage",
        "encEventResponseMessage",
        "secretEncryptedMessage",
        "scheduledCallEditMessage",
        "statusStickerInteractionMessage",
    }
)
"""Kinds of messages that are about another one, or about the chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusStep:
    """One step of a message. `contact` is None for what WhatsApp itself reported."""

    status: str
    at: datetime
    contact: Contact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What somebody thinks of a message. `sender` is None for your own, and where nobody in person is known."""

    emoji: str
    sender: Contact | None
    at: datetime
    from_me: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A row of `whatsapp_messages` with its chat and sender. `sender` is None for your own.

    `kind` is the protobuf's field name (`conversation`, `imageMessage` …) or `unknown`; `text` what was written, or the
    caption; `details` what else there is to show. `target_wa_id` is set for those about another message. `history` is
    filled where one message is asked for, `reactions` where messages are read (None: not asked for).
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
    quoted_text: str | None = None
    details: dict[str, Any] | None = None
    media: Media | None = None
    edited_at: datetime | None = None
    target_wa_id: str | None = None
    history: tuple[StatusStep, ...] = ()
    reactions: tuple[Reaction, ...] | None = None


def is_aside(kind: str) -> bool:
    """A message about another one: it is kept, but nobody has to read it."""
    return kind in ASIDES


def is_change(message: Message) -> bool:
    """Whether it edits or deletes another one."""
    return message.target_wa_id is not None and "change" in (message.details or {})


def message_json(message: Message, language: Language = "en") -> dict[str, Any]:
    """A message on every way out. `summary` is never empty, `error` is None unless it failed."""
    return {
        "id": str(message.id),
        "wa_id": message.wa_id,
        "chat": chat_json(message.chat),
        "sender": contact_json(message.sender) if message.sender else None,
        "from_me": message.from_me,
        "kind": message.kind,
        "text": message.text,
        "summary": summary(message, language),
        "details": message.details,
        "media": media_json(message.media) if message.media else None,
        "quoted_wa_id": message.quoted_wa_id,
        "quoted_text": message.quoted_text or quoted_line(message.details, language),
        "target_wa_id": message.target_wa_id,
        "sent_at": rfc3339(message.sent_at),
        "edited_at": rfc3339(message.edited_at) if message.edited_at else None,
        "status": message.status,
        "status_at": rfc3339(message.status_at),
        "error": {"code": message.error_code, "detail": message.error_detail} if message.error_code else None,
    }


def reaction_json(reaction: Reaction) -> dict[str, Any]:
    """A reaction as it is shown at its message."""
    return {
        "emoji": reaction.emoji,
        "sender": contact_json(reaction.sender) if reaction.sender else None,
        "from_me": reaction.from_me,
        "at": rfc3339(reaction.at),
    }


def step_json(step: StatusStep) -> dict[str, Any]:
    """One step of a message's status history."""
    return {
        "status": step.status,
        "at": rfc3339(step.at),
        "contact": contact_json(step.contact) if step.contact else None,
    }
