"""From an event of the whatsmeow host (docs/engine-protocol.md, section 4) to what Recado means by it. Never raises."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from recado.domain.engine import Gap, Inbound, Incoming, Notice, Receipt
from recado.domain.ids import storable_wa_id
from recado.domain.jid import Identity, identity_of, parse_jid
from recado.domain.messages import UNKNOWN
from recado.domain.texts import storable

from .content import Content, read_json, read_wire

_EARLIEST_MS = 1_230_768_000_000  # 2009, when WhatsApp began
_AHEAD = timedelta(days=1)


def convert(type: str, session: str, data: object, *, now: datetime | None = None) -> Inbound:
    """Read one event. What cannot be read is kept: a message as `unknown` with its bytes and a `trouble`.

    `now` stands in for a time that cannot be one.
    """
    now = now or datetime.now(UTC)
    fields = data if isinstance(data, Mapping) else {}
    if type == "message":
        return _message(session, fields, now)
    try:
        if type == "receipt":
            return _receipt(session, fields, now)
        if type == "undecryptable":
            return _gap(session, fields, now)
        name = _text(fields, "name") if type == "notice" else type
        return Notice(session=session, name=storable(name), value=fields.get("value") if type == "notice" else data)
    except Exception as error:
        return Notice(session=session, name=f"unreadable_{type}", value={"error": _said(error), "data": data})


def _message(session: str, data: Mapping[str, Any], now: datetime) -> Incoming:
    raw, trouble = _bytes(data.get("bytes"))
    try:
        content, reading = _content(data, raw)
        return _incoming(session, data, raw, now, content, reading or trouble)
    except Exception as error:
        return _salvaged(session, data, raw, now, _said(error))


def _content(data: Mapping[str, Any], raw: bytes) -> tuple[Content, str | None]:
    """What it is about, and what was wrong with it."""
    protojson = data.get("json")
    if not isinstance(protojson, dict):
        return read_wire(raw), storable(_text(data, "json_error")) or "it came without JSON"
    content = read_json(protojson)
    if content.kind == UNKNOWN:
        return content, "it has no field that is known"
    return content, None


def _incoming(
    session: str, data: Mapping[str, Any], raw: bytes, now: datetime, content: Content, trouble: str | None
) -> Incoming:
    protojson = data.get("json")
    return Incoming(
        session=session,
        wa_id=_wa_id(data, raw),
        **_place(data),
        is_group=data.get("is_group") is True,
        sent_at=_time(data.get("timestamp_at"), now),
        kind=content.kind,
        text=content.text,
        raw=raw,
        content=protojson if isinstance(protojson, dict) else None,
        push_name=storable(_text(data, "push_name")) or None,
        is_protocol=content.is_protocol or data.get("category") == "peer",
        trouble=trouble,
        quoted_wa_id=content.quoted_wa_id,
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


def _receipt(session: str, data: Mapping[str, Any], now: datetime) -> Receipt:
    ids = data.get("ids")
    wa_ids = tuple(storable_wa_id(one) for one in ids if isinstance(one, str)) if isinstance(ids, list) else ()
    return Receipt(
        session=session,
        **_place(data),
        wa_ids=wa_ids,
        type=storable(_text(data, "type")),
        at=_time(data.get("timestamp_at"), now),
    )


def _gap(session: str, data: Mapping[str, Any], now: datetime) -> Gap:
    cause = _text(data, "unavailable_type") if data.get("is_unavailable") is True else ""
    return Gap(
        session=session,
        wa_id=_wa_id(data, b""),
        **_place(data),
        sent_at=_time(data.get("timestamp_at"), now),
        cause=storable(cause) or ("unavailable" if data.get("is_unavailable") is True else "undecryptable"),
    )


def _place(data: Mapping[str, Any]) -> dict[str, Any]:
    """Chat and sender, each by all the names that are known of them."""
    chat, sender = _text(data, "chat"), _text(data, "sender")
    is_from_me = data.get("is_from_me") is True
    people = identity_of(sender, _text(data, "sender_alt"))
    partner = identity_of(chat)
    if is_from_me:
        partner = identity_of(chat, _text(data, "recipient_alt"))
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


def _is_same(one: Identity, other: Identity) -> bool:
    return (one.phone is not None and one.phone == other.phone) or (one.lid is not None and one.lid == other.lid)


def _wa_id(data: Mapping[str, Any], raw: bytes) -> str:
    """WhatsApp's id; one made of what came when there is none, so that a repeat is still known as one."""
    given = data.get("id")
    if isinstance(given, str) and given:
        return storable_wa_id(given)
    return storable_wa_id(f"?{_text(data, 'sender')}?{data.get('timestamp_at')}?{hashlib.sha256(raw).hexdigest()}")


def _time(value: object, now: datetime) -> datetime:
    """Milliseconds as a time; `now` for what cannot be a time of WhatsApp's."""
    if isinstance(value, int) and value >= _EARLIEST_MS and value <= (now + _AHEAD).timestamp() * 1000:
        return datetime.fromtimestamp(value / 1000, UTC)
    return now


def _bytes(value: object) -> tuple[bytes, str | None]:
    """The protobuf; what is no base64 is kept as it came."""
    if not isinstance(value, str):
        return b"", "it came without bytes"
    try:
        return base64.b64decode(value, validate=True), None
    except (binascii.Error, ValueError):
        return value.encode("utf-8", "surrogatepass"), "its bytes are not base64"


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _said(error: Exception) -> str:
    return storable(f"{error.__class__.__name__}: {error}")[:500]
