"""What events say of messages, receipts, gaps and merges: every payload is built here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from .chats import Chat, chat_json
from .contacts import Contact, contact_json
from .events import (
    CHAT_MERGED,
    CONTACT_MERGED,
    MESSAGE_DELETED,
    MESSAGE_EDITED,
    MESSAGE_FAILED,
    MESSAGE_GAP,
    MESSAGE_QUEUED,
    MESSAGE_RECEIVED,
    MESSAGE_SENT,
    MESSAGE_STATUS,
    NewEvent,
    rfc3339,
)
from .messages import Message, StatusStep, message_json, step_json

_BY_STATUS: Final[Mapping[str, str]] = {
    "received": MESSAGE_RECEIVED,
    "queued": MESSAGE_QUEUED,
    "sent": MESSAGE_SENT,
    "failed": MESSAGE_FAILED,
}


def message_event(message: Message, *, id: UUID, instance_name: str, time: datetime) -> NewEvent:
    """`message.received`, `.queued`, `.sent` or `.failed` by its status, else `.status`; the data is the message."""
    return _event(_BY_STATUS.get(message.status, MESSAGE_STATUS), message, id, instance_name, time)


def change_event(message: Message, *, id: UUID, instance_name: str, time: datetime) -> NewEvent:
    """`message.edited` or `message.deleted`; `message` is what has become of it."""
    is_deleted = bool(message.details and message.details.get("deleted"))
    return _event(MESSAGE_DELETED if is_deleted else MESSAGE_EDITED, message, id, instance_name, time)


def _event(type: str, message: Message, id: UUID, instance_name: str, time: datetime) -> NewEvent:
    return NewEvent(
        id=id,
        type=type,
        time=time,
        instance_id=message.instance_id,
        instance_name=instance_name,
        chat_id=message.chat.id,
        data=message_json(message),
    )


def status_event(
    chat: Chat,
    *,
    id: UUID,
    message_id: UUID,
    wa_id: str,
    status: str,
    step: StatusStep,
    instance_name: str,
    time: datetime,
) -> NewEvent:
    """`status` is how far the message is after it (it never goes back), `step` what one person's device reported."""
    return NewEvent(
        id=id,
        type=MESSAGE_STATUS,
        time=time,
        instance_id=chat.instance_id,
        instance_name=instance_name,
        chat_id=chat.id,
        data={
            "id": str(message_id),
            "wa_id": wa_id,
            "chat": chat_json(chat),
            "from_me": True,
            "status": status,
            "step": step_json(step),
        },
    )


def gap_event(
    chat: Chat,
    *,
    id: UUID,
    wa_id: str,
    sender: Contact | None,
    is_from_me: bool,
    sent_at: datetime,
    cause: str,
    instance_name: str,
    time: datetime,
) -> NewEvent:
    """A message that cannot be read yet; one with the same `wa_id` may follow."""
    data = {
        "wa_id": wa_id,
        "chat": chat_json(chat),
        "sender": contact_json(sender) if sender else None,
        "from_me": is_from_me,
        "sent_at": rfc3339(sent_at),
        "cause": cause,
    }
    return NewEvent(
        id=id,
        type=MESSAGE_GAP,
        time=time,
        instance_id=chat.instance_id,
        instance_name=instance_name,
        chat_id=chat.id,
        data=data,
    )


def contact_merged_event(
    survivor: Contact, merged_id: UUID, *, id: UUID, instance_name: str, time: datetime
) -> NewEvent:
    """The API answers for `merged_id` with the survivor."""
    data = {"contact_id": str(survivor.id), "merged_id": str(merged_id), "contact": contact_json(survivor)}
    return _merged(CONTACT_MERGED, survivor.instance_id, None, data, id, instance_name, time)


def chat_merged_event(survivor: Chat, merged_id: UUID, *, id: UUID, instance_name: str, time: datetime) -> NewEvent:
    """The messages of `merged_id` are the survivor's now; the API answers for it with the survivor."""
    data = {"chat_id": str(survivor.id), "merged_id": str(merged_id), "chat": chat_json(survivor)}
    return _merged(CHAT_MERGED, survivor.instance_id, survivor.id, data, id, instance_name, time)


def _merged(
    type: str,
    instance_id: UUID,
    chat_id: UUID | None,
    data: dict[str, Any],
    id: UUID,
    instance_name: str,
    time: datetime,
) -> NewEvent:
    return NewEvent(
        id=id, type=type, time=time, instance_id=instance_id, instance_name=instance_name, chat_id=chat_id, data=data
    )
