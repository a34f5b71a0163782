"""What a `waE2E.Message` is about: its kind, its text, what it quotes, and whether it is one for people at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from recado.domain.ids import storable_wa_id
from recado.domain.messages import UNKNOWN
from recado.domain.texts import storable

from .protobuf_kinds import BYSTANDERS, ENVELOPES, FIELDS, SILENT_PROTOCOL_TYPES

_SILENT_NAMES = frozenset(SILENT_PROTOCOL_TYPES.values())
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_DEPTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """`is_protocol`: devices speaking among themselves, nothing for people."""

    kind: str
    text: str | None = None
    quoted_wa_id: str | None = None
    is_protocol: bool = False


def read_json(message: dict[str, Any]) -> Content:
    """Read protojson, envelopes or not."""
    message = _opened(message)
    names = [name for name in message if name not in BYSTANDERS]
    if not names:
        return Content(kind=next(iter(message), UNKNOWN), is_protocol=bool(message))
    kind = names[0]
    body = message[kind]
    if not _NAME.fullmatch(kind):
        return Content(kind=UNKNOWN)
    if kind == "protocolMessage":
        return Content(kind=kind, is_protocol=isinstance(body, dict) and body.get("type") in _SILENT_NAMES)
    return Content(kind=kind, text=_text(kind, body), quoted_wa_id=_quoted(body))


def read_wire(raw: bytes) -> Content:
    """Find the kind alone, by field numbers, of a protobuf that could not be made into JSON."""
    for _ in range(_DEPTH):
        fields = list(_fields(raw))
        names = [(FIELDS.get(number, UNKNOWN), value) for number, value in fields]
        told = [(name, value) for name, value in names if name not in BYSTANDERS]
        if not told:
            return Content(kind=names[0][0] if names else UNKNOWN, is_protocol=bool(names))
        kind, value = told[0]
        inner = _field(value, ENVELOPES[kind]) if kind in ENVELOPES else None
        if not isinstance(inner, bytes):
            is_silent = kind == "protocolMessage" and _field(value, 2) in SILENT_PROTOCOL_TYPES
            return Content(kind=kind, is_protocol=is_silent)
        raw = inner
    return Content(kind=UNKNOWN)


def _opened(message: dict[str, Any]) -> dict[str, Any]:
    for _ in range(_DEPTH):
        inner = next((message[name] for name in ENVELOPES if name in message), None)
        inner = inner.get("message") if isinstance(inner, dict) else None
        if not isinstance(inner, dict):
            break
        message = inner
    return message


def _text(kind: str, body: object) -> str | None:
    if kind == "extendedTextMessage" and isinstance(body, dict):
        body = body.get("text")
    elif kind != "conversation":
        return None
    return storable(body) if isinstance(body, str) else None


def _quoted(body: object) -> str | None:
    context = body.get("contextInfo") if isinstance(body, dict) else None
    quoted = context.get("stanzaID") if isinstance(context, dict) else None
    return storable_wa_id(quoted) if isinstance(quoted, str) and quoted else None


def _field(message: bytes | int, number: int) -> bytes | int | None:
    """The last value of a field, as protobuf has it."""
    found = None
    if isinstance(message, bytes):
        for at, value in _fields(message):
            found = value if at == number else found
    return found


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Number and value of each field, up to where the bytes make no sense."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        wire = tag & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield tag >> 3, value
            continue
        size, at = _varint(message, at) if wire == 2 else ({1: 8, 5: 4}.get(wire, -1), at)
        if size < 0 or at + size > len(message):
            return
        yield tag >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """The number and where it ends; past the end of the message when it is cut."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        value |= (message[at] & 0x7F) << shift
        at += 1
        if message[at - 1] < 0x80:
            return value, at
    return 0, len(message) + 1
