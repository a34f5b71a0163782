"""A message as it is about to be written: the values of its row, and what is kept beside it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from recado.domain.chats import Chat, storable_jid
from recado.domain.contacts import Contact
from recado.domain.engine import Incoming
from recado.domain.jid import PHONE_SERVER
from recado.domain.messages import Message, is_aside
from recado.domain.texts import storable, storable_json

from .recordset import embedded


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message with what is kept beside it. `jids` are all names of its chat, under which a gap may be noted.

    `place` is its tiebreak, drawn when it is written if None. One of history counts as read; when `is_edited` its
    content is not the first one that was sent under its id.
    """

    message: Message
    raw: bytes
    content: dict[str, Any] | None
    trouble: str | None
    jids: Sequence[str]
    variant: int = 0
    place: int | None = None
    is_history: bool = False
    is_edited: bool = False


def received_of(
    incoming: Incoming,
    *,
    id: UUID,
    instance_id: UUID,
    chat: Chat,
    sender: Contact | None,
    sent_at: datetime,
    status: str | None = None,
    place: int | None = None,
    is_edited: bool = False,
    jids: Sequence[str] | None = None,
) -> Received:
    """The row that a message becomes. `sender` is None for your own; whatever has a `place` is history.

    `jids` are the `names_of` its chat, if they are known already.
    """
    message = Message(
        id=id,
        instance_id=instance_id,
        wa_id=incoming.wa_id,
        chat=chat,
        sender=sender,
        from_me=incoming.is_from_me,
        kind=incoming.kind,
        text=None if incoming.text is None else storable(incoming.text),
        quoted_wa_id=incoming.quoted_wa_id,
        quoted_text=incoming.quoted_text,
        details=incoming.details,
        media=incoming.media,
        target_wa_id=incoming.target_wa_id,
        edited_at=sent_at if is_edited else None,
        sent_at=sent_at,
        tiebreak=place or 0,
        status=status or ("sent" if incoming.is_from_me else "received"),
        status_at=sent_at,
    )
    return Received(
        message=message,
        raw=incoming.raw,
        content=incoming.content,
        trouble=None if incoming.trouble is None else storable(incoming.trouble),
        jids=names_of(chat, incoming.chat) if jids is None else jids,
        place=place,
        is_history=place is not None,
        is_edited=is_edited,
    )


def row_of(one: Received) -> dict[str, Any]:
    """All of it, for `reception.write`."""
    message = one.message
    row = content_of(one) | {
        "id": message.id,
        "instance_id": message.instance_id,
        "chat_id": message.chat.id,
        "sender_id": message.sender.id if message.sender else None,
        "from_me": message.from_me,
        "wa_id": message.wa_id,
        "variant": one.variant,
        "sent_at": message.sent_at,
        "status": message.status,
        "is_unread": not (message.from_me or one.is_history or is_aside(message.kind)),
        "is_history": one.is_history,
        "jids": one.jids,
        "place": one.place,
    }
    if message.target_wa_id is not None:
        row["target_wa_id"] = message.target_wa_id
    if message.media is not None:
        row["media"] = message.media
    return row


def content_of(one: Received) -> dict[str, Any]:
    """What an edit changes of it."""
    message = one.message
    content, trouble = _document(one.content)
    row: dict[str, Any] = {
        "kind": message.kind,
        "text": message.text,
        "quoted_wa_id": message.quoted_wa_id,
        "edited_at": message.sent_at if one.is_edited else None,
        "bytes": base64.b64encode(one.raw).decode(),
        "content": content,
        "trouble": one.trouble or trouble,
    }
    if message.quoted_text is not None:
        row["quoted_text"] = message.quoted_text
    if message.details is not None:
        row["details"] = message.details
    return row


def _document(content: dict[str, Any] | None) -> tuple[orjson.Fragment | None, str | None]:
    """The protojson as PostgreSQL takes it, or what is wrong with it."""
    if content is None:
        return None, None
    try:
        document = orjson.dumps(content)
        if b"\\u0000" not in document:
            return embedded(document), None
    except orjson.JSONEncodeError:
        pass
    try:
        return embedded(orjson.dumps(storable_json(content))), None
    except (orjson.JSONEncodeError, RecursionError) as error:
        return None, f"its JSON cannot be kept: {error}"


def names_of(chat: Chat, told: str) -> list[str]:
    """All names that a gap of this chat may have been noted under; `told` is the JID that it was named by."""
    names = {storable_jid(told)}
    if chat.contact is not None and chat.contact.phone_number:
        names.add(f"{chat.contact.phone_number}@{PHONE_SERVER}")
    if chat.contact is not None and chat.contact.lid:
        names.add(chat.contact.lid)
    return sorted(names)
