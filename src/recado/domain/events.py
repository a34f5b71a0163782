"""All that Recado can tell somebody: the event types, listed once, and the shape that each goes out in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

INSTANCE_CREATED: Final = "instance.created"
INSTANCE_STATE: Final = "instance.state"
INSTANCE_QR: Final = "instance.qr"
INSTANCE_REMOVED: Final = "instance.removed"
MESSAGE_RECEIVED: Final = "message.received"
MESSAGE_QUEUED: Final = "message.queued"
MESSAGE_SENT: Final = "message.sent"
MESSAGE_FAILED: Final = "message.failed"
MESSAGE_STATUS: Final = "message.status"
MESSAGE_GAP: Final = "message.gap"
CHAT_MERGED: Final = "chat.merged"
CONTACT_MERGED: Final = "contact.merged"
NOTICE: Final = "engine.notice"
WEBHOOK_TEST: Final = "webhook.test"
WEBHOOK_FAILING: Final = "webhook.failing"
WEBHOOK_DISABLED: Final = "webhook.disabled"
WEBHOOK_GAP: Final = "webhook.gap"

EVENT_TYPES: Final[dict[str, str]] = {
    INSTANCE_CREATED: "an instance was created",
    INSTANCE_STATE: "an instance changed its state; `data` has state, status, reason, user_action, phone_number",
    INSTANCE_QR: "a new code to scan: `data` has qr (text) and expires_at; qr is null when it is over",
    INSTANCE_REMOVED: "an instance and all of it was removed",
    MESSAGE_RECEIVED: "a message came in",
    MESSAGE_QUEUED: "a message of yours was accepted",
    MESSAGE_SENT: "WhatsApp has taken a message of yours, or one was sent from the phone itself",
    MESSAGE_FAILED: "a message of yours was refused for good; `data.error` says why",
    MESSAGE_STATUS: "a message of yours moved on; `data.status` only goes forward, `data.step` is one person's device",
    MESSAGE_GAP: "a message came that could not be decrypted; it has been asked for again",
    CHAT_MERGED: "two chats turned out to be one; `data.chat_id` survives, `data.merged_id` is its alias",
    CONTACT_MERGED: "two contacts turned out to be one; `data.contact_id` survives",
    NOTICE: "anything else that the network said, as the engine gave it",
    WEBHOOK_TEST: "a test delivery that somebody asked for",
    WEBHOOK_FAILING: "a webhook does not answer as it should",
    WEBHOOK_DISABLED: "a webhook was switched off because its receiver answered 410 Gone",
    WEBHOOK_GAP: "events were dropped before this cursor had read them; `data` has from and to",
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
