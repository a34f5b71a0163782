"""What events say of changes to people, chats and groups that are no messages: every payload is built here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from .chats import Chat, chat_json
from .contacts import Contact, contact_json
from .events import (
    CHAT_TYPING,
    CHAT_UPDATED,
    CONTACT_PRESENCE,
    CONTACT_UPDATED,
    CONTACTS_SYNCED,
    GROUP_JOINED,
    GROUP_LEFT,
    GROUP_MEMBERS,
    GROUP_UPDATED,
    NewEvent,
    rfc3339,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What every event of one moment and instance has: `id` is the event's own."""

    id: UUID
    time: datetime
    instance_id: UUID
    instance_name: str

    def event(self, type: str, data: Mapping[str, Any], chat_id: UUID | None = None) -> NewEvent:
        return NewEvent(
            id=self.id,
            type=type,
            time=self.time,
            instance_id=self.instance_id,
            instance_name=self.instance_name,
            chat_id=chat_id,
            data=dict(data),
        )


def contact_updated(on: Occasion, contact: Contact, changed: Iterable[str]) -> NewEvent:
    """`changed` names what is other than before: `name`, `push_name`, `business_name`, `picture`."""
    return on.event(CONTACT_UPDATED, {"contact": contact_json(contact), "changed": sorted(changed)})


def contacts_synced(on: Occasion, count: int) -> NewEvent:
    """The address book has been read for the first time; its people are told of in this one event."""
    return on.event(CONTACTS_SYNCED, {"contacts": count})


def chat_updated(on: Occasion, chat: Chat, *, is_marked_unread: bool) -> NewEvent:
    data = {
        "chat": chat_json(chat),
        "unread_count": chat.unread_count,
        "is_marked_unread": is_marked_unread,
        "is_archived": chat.is_archived,
        "pinned_at": _time(chat.pinned_at),
        "muted_until": _time(chat.muted_until),
    }
    return on.event(CHAT_UPDATED, data, chat.id)


def group_updated(on: Occasion, chat: Chat, changed: Mapping[str, Any], by: Contact | None) -> NewEvent:
    """`changed` are the new values: subject, description, is_announce, is_locked, ephemeral_seconds, picture_id."""
    data = {"chat": chat_json(chat), "changed": dict(changed), "by": _person(by)}
    return on.event(GROUP_UPDATED, data, chat.id)


def group_members(on: Occasion, chat: Chat, action: str, members: Sequence[Contact], by: Contact | None) -> NewEvent:
    """`action` is `joined`, `left`, `promoted` or `demoted`."""
    people = [contact_json(member) for member in members]
    return on.event(
        GROUP_MEMBERS, {"chat": chat_json(chat), "action": action, "members": people, "by": _person(by)}, chat.id
    )


def group_joined(on: Occasion, chat: Chat, by: Contact | None) -> NewEvent:
    return on.event(GROUP_JOINED, {"chat": chat_json(chat), "by": _person(by)}, chat.id)


def group_left(on: Occasion, chat: Chat, by: Contact | None) -> NewEvent:
    return on.event(GROUP_LEFT, {"chat": chat_json(chat), "by": _person(by)}, chat.id)


def chat_typing(on: Occasion, chat: Chat, sender: Contact, state: str) -> NewEvent:
    data = {"chat": chat_json(chat), "sender": contact_json(sender), "state": state}
    return on.event(CHAT_TYPING, data, chat.id)


def contact_presence(on: Occasion, contact: Contact, *, is_available: bool, last_seen_at: datetime | None) -> NewEvent:
    data = {"contact": contact_json(contact), "is_available": is_available, "last_seen_at": _time(last_seen_at)}
    return on.event(CONTACT_PRESENCE, data)


def _person(contact: Contact | None) -> dict[str, Any] | None:
    return contact_json(contact) if contact else None


def _time(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None
