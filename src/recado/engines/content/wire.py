"""The protobuf itself, by field numbers: the kind of what could not be made into JSON, the envelopes around it."""

from __future__ import annotations

from collections.abc import Iterator

from recado.domain.messages import UNKNOWN

from .kinds import BYSTANDERS, ENVELOPES, FIELDS, SILENT_PROTOCOL_TYPES
from .reading import DEPTH, Content


def read_wire(raw: bytes) -> Content:
    """Find the kind alone."""
    for _ in range(DEPTH):
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


def is_view_once(raw: bytes) -> bool:
    """Whether an envelope says that it may be looked at once; the host's JSON has no envelopes."""
    for _ in range(DEPTH):
        found = next(((name, value) for name, value in _named(raw) if name in ENVELOPES), None)
        if found is None:
            return False
        name, value = found
        if name.startswith("viewOnce"):
            return True
        inner = _field(value, ENVELOPES[name])
        if not isinstance(inner, bytes):
            return False
        raw = inner
    return False


def _named(raw: bytes) -> Iterator[tuple[str, bytes | int]]:
    return ((FIELDS.get(number, UNKNOWN), value) for number, value in _fields(raw))


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
