"""All that Recado can tell somebody: the event types, listed once, and the shape that each goes out in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

INSTANCE_CREATED: Final = "instance.created"
INSTANCE_STATE: Final = "instance.state"
INSTANCE_QR: Final = "instance.qr"
INSTANCE_UPDATED: Final = "instance.updated"
INSTANCE_REMOVED: Final = "instance.removed"
MESSAGE_RECEIVED: Final = "message.received"
MESSAGE_QUEUED: Final = "message.queued"
MESSAGE_SENT: Final = "message.sent"
MESSAGE_FAILED: Final = "message.failed"
MESSAGE_STATUS: Final = "message.status"
MESSAGE_EDITED: Final = "message.edited"
MESSAGE_DELETED: Final = "message.deleted"
MESSAGE_GAP: Final = "message.gap"
HISTORY_PROGRESS: Final = "history.progress"
CHAT_MERGED: Final = "chat.merged"
CONTACT_MERGED: Final = "contact.merged"
CHAT_UPDATED: Final = "chat.updated"
CHAT_TYPING: Final = "chat.typing"
CONTACT_UPDATED: Final = "contact.updated"
CONTACTS_SYNCED: Final = "contacts.synced"
CONTACT_PRESENCE: Final = "contact.presence"
GROUP_JOINED: Final = "group.joined"
GROUP_LEFT: Final = "group.left"
GROUP_UPDATED: Final = "group.updated"
GROUP_MEMBERS: Final = "group.members"
DATABASE_BLOCKED: Final = "database.blocked"
NOTICE: Final = "engine.notice"
WEBHOOK_TEST: Final = "webhook.test"
WEBHOOK_FAILING: Final = "webhook.failing"
WEBHOOK_PAUSED: Final = "webhook.paused"
WEBHOOK_DISABLED: Final = "webhook.disabled"
WEBHOOK_GAP: Final = "webhook.gap"

EVENT_TYPES: Final[dict[str, str]] = {
    INSTANCE_CREATED: "an instance was created",
    INSTANCE_STATE: "an instance changed its state; `data` has state, status, reason, user_action, phone_number",
    INSTANCE_QR: "a new code to scan: `data` has qr (text) and expires_at; qr is null when it is over",
    INSTANCE_UPDATED: "an instance's name, webhook_url or owner_id was changed; `data.changed` says which",
    INSTANCE_REMOVED: "an instance and all of it was removed",
    MESSAGE_RECEIVED: "a message came in",
    MESSAGE_QUEUED: "a message of yours was accepted",
    MESSAGE_SENT: "WhatsApp has taken a message of yours, or one was sent from the phone itself",
    MESSAGE_FAILED: "a message of yours was refused for good; `data.error` says why",
    MESSAGE_STATUS: "a message of yours moved on; `data.status` only goes forward, `data.step` is one person's device",
    MESSAGE_EDITED: "a message has another text now; `data` is the message as it stands",
    MESSAGE_DELETED: "a message was taken back; `data` is what is left of it",
    MESSAGE_GAP: "a message came that could not be decrypted; it has been asked for again",
    HISTORY_PROGRESS: "a piece of the phone's history is stored, or lost; its messages are told in no other event",
    CHAT_MERGED: "two chats turned out to be one; `data.chat_id` survives, `data.merged_id` is its alias",
    CONTACT_MERGED: "two contacts turned out to be one; `data.contact_id` survives",
    CHAT_UPDATED: "a chat was read, archived, pinned, muted or marked as unread, here or on the phone",
    CHAT_TYPING: "somebody writes (`composing`), records (`recording`) or has stopped (`paused`)",
    CONTACT_UPDATED: "a person's name or picture changed; `data.changed` says which of them",
    CONTACTS_SYNCED: "the phone's address book was read for the first time; its people have no events of their own",
    CONTACT_PRESENCE: "somebody that you watch came or went; last_seen_at is null when it is not told",
    GROUP_JOINED: "this number is in a group now",
    GROUP_LEFT: "this number left a group, or was removed from it",
    GROUP_UPDATED: "a group's subject, description, settings or picture changed; `data.changed` has the new values",
    GROUP_MEMBERS: "people joined or left a group, or were promoted or demoted",
    DATABASE_BLOCKED: "the database keeps nothing that Recado writes, and why; `data.code` is null when it is over",
    NOTICE: "anything else that the network said, as the engine gave it",
    WEBHOOK_TEST: "a test delivery that somebody asked for",
    WEBHOOK_FAILING: "a webhook does not answer as it should",
    WEBHOOK_PAUSED: "a webhook is paused, for its receiver was down for three days; set it active and it goes on there",
    WEBHOOK_DISABLED: "a webhook was switched off because its receiver answered 410 Gone",
    WEBHOOK_GAP: "events from one position to another were dropped before the webhook had them",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event on its way into the log. Its position is drawn by the database when the transaction ends."""

    id: UUID
    type: str
    time: datetime
    instance_id: UUID | None
    instance_name: str | None
    chat_id: UUID | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent(NewEvent):
    """An event that has been committed, with its place in the one order."""

    position: int


def envelope(event: LoggedEvent) -> dict[str, Any]:
    """The shape of an event on every way out: webhook body, WebSocket frame, SSE data."""
    return {
        "id": str(event.id),
        "type": event.type,
        "time": rfc3339(event.time),
        "instance": event.instance_name,
        "seq": event.position,
        "data": event.data,
    }


def rfc3339(time: datetime) -> str:
    """UTC with `Z` and milliseconds."""
    return time.isoformat(timespec="milliseconds")[:23] + "Z"
