"""From a message, a receipt or a gap as the whatsmeow host tells it to what Recado means by it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from recado.domain.engine import Gap, Incoming, Receipt
from recado.domain.ids import storable_wa_id
from recado.domain.jid import Identity, identity_of, parse_jid
from recado.domain.messages import UNKNOWN
from recado.domain.texts import storable

from . import fields
from .content import Content, is_view_once, read_json, read_wire


def message(session: str, data: Mapping[str, Any], now: datetime) -> Incoming:
    """Never raises: what cannot be read is `unknown`, with its bytes and a `trouble`. `now` stands in for no time."""
    raw, trouble = fields.binary(data.get("bytes"))
    try:
        content, reading = _content(data, raw)
        return _incoming(session, data, raw, now, content, reading or trouble)
    except Exception as error:
        return _salvaged(session, data, raw, now, fields.said(error))


def _content(data: Mapping[str, Any], raw: bytes) -> tuple[Content, str | None]:
    """What it is about, and what was wrong with it."""
    protojson = data.get("json")
    if not isinstance(protojson, dict):
        return read_wire(raw), storable(fields.text(data, "json_error")) or "it came without JSON"
    content = read_json(protojson)
    if content.kind == UNKNOWN:
        return content, "it has no field that is known"
    if content.media is not None and is_view_once(raw):
        content = replace(content, details={"is_view_once": True} | (content.details or {}))
    return content, None


def _incoming(
    session: str, data: Mapping[str, Any], raw: bytes, now: datetime, content: Content, trouble: str | None
) -> Incoming:
    protojson = data.get("json")
    return Incoming(
        session=session,
        wa_id=_wa_id(data, raw),
        **place(data),
        is_group=data.get("is_group") is True,
        sent_at=fields.past(data.get("timestamp_at"), now) or now,
        kind=content.kind,
        text=content.text,
        raw=raw,
        content=protojson if isinstance(protojson, dict) else None,
        push_name=fields.shown(data, "push_name"),
        is_protocol=content.is_protocol or data.get("category") == "peer",
        trouble=trouble,
        quoted_wa_id=content.quoted_wa_id,
        quoted_text=content.quoted_text,
        details=content.details,
        media=content.media,
        target_wa_id=content.target_wa_id,
        change=content.change,
        is_from_phone=_is_from_phone(data),
    )


def _salvaged(session: str, data: Mapping[str, Any], raw: bytes, now: datetime, trouble: str) -> Incoming:
    """The least that can be said of a message: something came, and these are its bytes."""
    chat = data.get("chat")
    chat = chat if isinstance(chat, str) else ""
    return Incoming(
        session=session,
        wa_id=_wa_id(data, raw),
        chat=chat,
        chat_identity=identity_of(chat),
        sender=identity_of(chat),
        is_from_me=data.get("is_from_me") is True,
        is_group=False,
        sent_at=now,
        kind=UNKNOWN,
        text=None,
        raw=raw,
        content=None,
        trouble=trouble,
    )


def receipt(session: str, data: Mapping[str, Any], now: datetime) -> Receipt:
    ids = data.get("ids")
    wa_ids = tuple(storable_wa_id(one) for one in ids if isinstance(one, str)) if isinstance(ids, list) else ()
    return Receipt(
        session=session,
        **place(data),
        wa_ids=wa_ids,
        type=storable(fields.text(data, "type")),
        at=fields.past(data.get("timestamp_at"), now) or now,
        is_from_phone=_is_from_phone(data),
    )


def gap(session: str, data: Mapping[str, Any], now: datetime) -> Gap:
    cause = fields.text(data, "unavailable_type") if data.get("is_unavailable") is True else ""
    return Gap(
        session=session,
        wa_id=_wa_id(data, b""),
        **place(data),
        sent_at=fields.past(data.get("timestamp_at"), now) or now,
        cause=storable(cause) or ("unavailable" if data.get("is_unavailable") is True else "undecryptable"),
    )


def place(data: Mapping[str, Any]) -> dict[str, Any]:
    """Chat and sender, each by all the names that are known of them."""
    chat, sender = fields.text(data, "chat"), fields.text(data, "sender")
    is_from_me = data.get("is_from_me") is True
    people = identity_of(sender, fields.text(data, "sender_alt"))
    partner = identity_of(chat)
    if is_from_me:
        partner = identity_of(chat, fields.text(data, "recipient_alt"))
    elif _is_same(partner, people):
        partner = people
    elif not (people.phone or people.lid):
        people = partner
    jid = parse_jid(chat)
    if jid is not None and jid.kind == "broadcast" and not is_from_me and (people.phone or people.lid):
        jid, partner = parse_jid(sender), people  # whoever is on somebody's list reads it in the chat with that person
    return {
        "chat": str(jid.bare) if jid is not None else chat,
        "chat_identity": partner,
        "sender": people,
        "is_from_me": is_from_me,
    }


def _is_from_phone(data: Mapping[str, Any]) -> bool:
    """The main device of an account has the number 0; the linked ones count from 1."""
    sender = parse_jid(fields.text(data, "sender"))
    return data.get("is_from_me") is True and sender is not None and sender.device == 0


def _is_same(one: Identity, other: Identity) -> bool:
    return (one.phone is not None and one.phone == other.phone) or (one.lid is not None and one.lid == other.lid)


def _wa_id(data: Mapping[str, Any], raw: bytes) -> str:
    """WhatsApp's id; one made of what came when there is none, so that a repeat is still known as one."""
    given = data.get("id")
    if isinstance(given, str) and given:
        return storable_wa_id(given)
    return storable_wa_id(
        f"?{fields.text(data, 'sender')}?{data.get('timestamp_at')}?{hashlib.sha256(raw).hexdigest()}"
    )
