"""From a piece of history as the whatsmeow host tells it to what Recado means by it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from recado.domain.chats import FOREVER
from recado.domain.ids import storable_wa_id
from recado.domain.jid import Identity, identity_of, parse_jid
from recado.domain.sync import HistoryBatch, HistoryConversation, HistoryMessage, HistoryNotice
from recado.domain.texts import storable

from . import fields
from .whatsmeow_message import message

_INT4: Final = 2**31 - 1
_INT8: Final = 2**63 - 1
_IN_MILLISECONDS: Final = 100_000_000_000  # as seconds, the year 5138
_ENVELOPES: Final = 4
_COMPLETE: Final = "COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY"
_ROLES: Final[Mapping[str, str]] = {"ADMIN": "admin", "SUPERADMIN": "superadmin"}
_DIGITS: Final = re.compile(r"-?[0-9]{1,20}", re.ASCII)


def notice(session: str, data: Mapping[str, Any], now: datetime) -> HistoryNotice:
    """Raises ValueError when there is nothing that could be fetched."""
    notification, trouble = fields.binary(data.get("notification"))
    if trouble is not None:
        raise ValueError(f"a notification of history: {trouble}")
    wa_id = fields.text(data, "message_id")
    return HistoryNotice(
        session=session,
        wa_id=storable_wa_id(wa_id) if wa_id else None,
        notification=notification,
        sync_type=storable(fields.text(data, "sync_type")),
        chunk_order=fields.number(data, "chunk_order", most=_INT4),
        progress=fields.number(data, "progress", most=100),
        request=fields.shown(data, "request"),
    )


def batch(session: str, data: Mapping[str, Any], now: datetime) -> HistoryBatch:
    """Leaves out what has no form at all: one odd entry loses no other."""
    me = (fields.text(data, "me"), fields.text(data, "me_lid"))
    return HistoryBatch(
        session=session,
        id=fields.text(data, "id"),
        conversations=tuple(conversation(one, now) for one in fields.records(data, "conversations")),
        messages=tuple(past_message(session, one, me, now) for one in fields.records(data, "messages")),
        push_names=tuple(_push_names(data)),
        people=tuple(_person(one) for one in fields.records(data, "lids")),
    )


def conversation(told: Mapping[str, Any], now: datetime) -> HistoryConversation:
    """From protojson of `waHistorySync.Conversation`."""
    chat = fields.text(told, "ID")
    last = _seconds(told.get("lastMsgTimestamp")) or _seconds(told.get("conversationTimestamp"))
    return HistoryConversation(
        chat=chat,
        identity=identity_of(chat, fields.text(told, "pnJID"), fields.text(told, "lidJID")),
        name=fields.shown(told, "name") or fields.shown(told, "displayName"),
        unread=fields.number(told, "unreadCount", most=_INT4),
        is_marked_unread=fields.is_true(told, "markedAsUnread"),
        is_archived=fields.is_true(told, "archived"),
        pinned_at=fields.past(_seconds(told.get("pinned")), now),
        muted_until=_muted_until(_integer(told.get("muteEndTime"))),
        last_at=fields.past(last, now),
        is_complete=told.get("endOfHistoryTransferType") == _COMPLETE,
        participants=tuple(
            (fields.text(one, "userJID"), _ROLES.get(fields.text(one, "rank"), "member"))
            for one in fields.records(told, "participant")
        ),
    )


def past_message(session: str, data: Mapping[str, Any], me: tuple[str, str], now: datetime) -> HistoryMessage:
    """From protojson of `waWeb.WebMessageInfo` and, beside it, the message as a live one has it.

    An edited one is told with its new content and the id of the original. A message whose time is not told comes
    before all others, for `now` would be the end of its chat.
    """
    web = fields.fields_of(data.get("web"))
    edit = _edit(fields.fields_of(data.get("json")))
    told = _as_live(data, web, me)
    if edit:
        told |= {"id": fields.text(fields.fields_of(edit.get("key")), "ID"), "json": edit.get("editedMessage")}
    incoming = message(session, told, now)
    at = fields.past(told["timestamp_at"], now)
    params = web.get("messageStubParameters")
    return HistoryMessage(
        incoming=incoming if at else replace(incoming, sent_at=fields.EARLIEST),
        place=_integer(data.get("order")) or _integer(web.get("messageTimestamp")) or 0,
        status=fields.shown(web, "status"),
        is_edit=bool(edit),
        stub=fields.shown(web, "messageStubType"),
        stub_params=tuple(storable(one) for one in params if isinstance(one, str)) if isinstance(params, list) else (),
    )


def _as_live(data: Mapping[str, Any], web: Mapping[str, Any], me: tuple[str, str]) -> dict[str, Any]:
    """The data of a `message` event."""
    key = fields.fields_of(web.get("key"))
    chat = fields.text(data, "chat") or fields.text(key, "remoteJID")
    is_from_me = fields.is_true(key, "fromMe")
    partner = _other(chat, fields.text(data, "pn"), fields.text(data, "lid"))
    if is_from_me:
        sender, sender_alt = me
    elif partner is None:
        sender, sender_alt = fields.text(web, "participant") or fields.text(key, "participant"), ""
    else:
        sender, sender_alt = chat, partner
    return {
        "id": fields.text(key, "ID"),
        "chat": chat,
        "sender": sender,
        "sender_alt": sender_alt,
        "recipient_alt": partner if is_from_me else "",
        "is_from_me": is_from_me,
        "is_group": chat.endswith("@g.us"),
        "push_name": web.get("pushName"),
        "timestamp_at": _seconds(web.get("messageTimestamp")),
        **{name: data.get(name) for name in ("bytes", "json", "json_error")},
    }


def _other(chat: str, pn: str, lid: str) -> str | None:
    """The other JID of the person behind a chat, maybe empty; None when it is no person's."""
    jid = parse_jid(chat)
    if jid is None or jid.kind != "person":
        return None
    return lid if jid.phone else pn


def _edit(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """The order to edit, in whatever envelopes; empty when this is another message."""
    for _ in range(_ENVELOPES):
        order = fields.fields_of(message.get("protocolMessage"))
        if order.get("type") == "MESSAGE_EDIT" and isinstance(order.get("editedMessage"), Mapping):
            return order
        inner = (value.get("message") for value in message.values() if isinstance(value, dict))
        message = next((one for one in inner if isinstance(one, dict) and one), {})
        if not message:
            break
    return {}


def _integer(value: object) -> int | None:
    """What protojson makes of an integer: a number up to 32 bits, digits beyond."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    value = value - 2**64 if value > _INT8 else value
    return value if abs(value) <= _INT8 else None


def _seconds(value: object) -> int | None:
    """Seconds, or the milliseconds that some phones tell in their place, as milliseconds."""
    at = _integer(value)
    return at if at is None or at > _IN_MILLISECONDS else at * 1000


def _muted_until(at: int | None) -> datetime | None:
    return FOREVER if at is not None and at < 0 else fields.moment(_seconds(at), FOREVER)


def _person(data: Mapping[str, Any]) -> Identity:
    return identity_of(fields.text(data, "pnJID"), fields.text(data, "lidJID"))


def _push_names(data: Mapping[str, Any]) -> Iterator[tuple[Identity, str]]:
    for one in fields.records(data, "push_names"):
        identity, name = identity_of(fields.text(one, "ID")), fields.shown(one, "pushname")
        if name and name != "-" and (identity.phone or identity.lid):
            yield identity, name
