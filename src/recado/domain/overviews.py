"""Chats and people as lists show them: with the last message, with every name and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from .chats import Chat
from .contacts import Contact
from .media import Media


@dataclass(frozen=True, slots=True, kw_only=True)
class LastMessage:
    """What a chat shows of its last message. `sender` is None for your own."""

    id: UUID
    wa_id: str
    from_me: bool
    sender: Contact | None
    kind: str
    text: str | None
    details: dict[str, Any] | None
    media: Media | None
    sent_at: datetime
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatOverview:
    """A chat with its last message, None when nothing was ever written in it; `tiebreak` orders within a second.

    `picture_id` is WhatsApp's id of the picture that is known of it, `picture_at` when that was last asked for.
    """

    chat: Chat
    is_marked_unread: bool
    description: str | None
    left_at: datetime | None
    has_older: bool
    tiebreak: int
    last: LastMessage | None
    picture_id: str | None = None
    picture_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Over all chats: how many have something unread, and how many messages that is."""

    chats: int
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A contact with all that is known: `name` and `first_name` are the address book's, the others their own."""

    contact: Contact
    first_name: str | None
    is_saved: bool
    chat_id: UUID | None
    created_at: datetime
    updated_at: datetime
    picture_id: str | None = None
