"""Protocol buffers at the level of numbered fields, without a schema."""

from __future__ import annotations

from collections.abc import Iterable

VARINT, BYTES = 0, 2
FIXED_SIZES = {1: 8, 5: 4}
MAX_VARINT_BYTES = 10
MAX_FIELD_NUMBER = (1 << 29) - 1

Value = int | bytes
Fields = dict[int, list[Value]]


class MalformedProtobuf(ValueError):
    """These bytes are not a protobuf message, or a field does not hold what it should; trying again is useless."""


def encode(fields: Iterable[tuple[int, Value | None]]) -> bytes:
    """The message with these fields, in this order: an int as varint, bytes length-delimited, None left out.

    A number may come more than once (a repeated field). Raises ValueError for an int outside 0 … 2**64-1.
    """
    out = bytearray()
    for number, value in fields:
        if value is None:
            continue
        if not 0 < number <= MAX_FIELD_NUMBER:
            raise ValueError(f"field number {number} is out of range")
        if isinstance(value, int):
            _append_varint(out, number << 3 | VARINT)
            _append_varint(out, value)
        else:
            _append_varint(out, number << 3 | BYTES)
            _append_varint(out, len(value))
            out += value
    return bytes(out)


def decode(data: bytes) -> Fields:
    """The fields of a message by number, each with its values in order of arrival.

    A varint is an int, a length-delimited value its bytes, a fixed one its raw 4 or 8 bytes (little-endian).
    Raises MalformedProtobuf for truncated input, a group, or a field number that cannot be.
    """
    fields: Fields = {}
    at, end = 0, len(data)
    while at < end:
        key, at = _read_varint(data, at)
        number, kind = key >> 3, key & 7
        if not 0 < number <= MAX_FIELD_NUMBER:
            raise MalformedProtobuf(f"field number {number} is out of range")
        value: Value
        if kind == VARINT:
            value, at = _read_varint(data, at)
        else:
            size, at = _size_of(kind, data, at)
            if size > end - at:
                raise MalformedProtobuf(f"field {number} is truncated: {size} bytes announced, {end - at} left")
            value, at = data[at : at + size], at + size
        fields.setdefault(number, []).append(value)
    return fields


def bytes_of(fields: Fields, number: int) -> bytes | None:
    """The last value of a bytes field, None when absent. Raises MalformedProtobuf if it is an int."""
    value = fields[number][-1] if number in fields else None
    if isinstance(value, int):
        raise MalformedProtobuf(f"field {number} holds an integer where bytes are expected")
    return value


def int_of(fields: Fields, number: int) -> int | None:
    """The last value of a varint field, None when absent. Raises MalformedProtobuf if it holds bytes."""
    value = fields[number][-1] if number in fields else None
    if isinstance(value, bytes):
        raise MalformedProtobuf(f"field {number} holds bytes where an integer is expected")
    return value


def required_bytes(fields: Fields, number: int) -> bytes:
    """The last value of a bytes field. Raises MalformedProtobuf when absent."""
    value = bytes_of(fields, number)
    if value is None:
        raise MalformedProtobuf(f"field {number} is missing")
    return value


def pack(values: Iterable[int]) -> bytes:
    """The content of a packed repeated varint field."""
    out = bytearray()
    for value in values:
        _append_varint(out, value)
    return bytes(out)


def unpack(data: bytes) -> list[int]:
    """The integers of a packed repeated varint field. Raises MalformedProtobuf for truncated input."""
    values, at = [], 0
    while at < len(data):
        value, at = _read_varint(data, at)
        values.append(value)
    return values


def _append_varint(out: bytearray, value: int) -> None:
    if value < 0 or value >> 64:
        raise ValueError(f"{value} does not fit an unsigned 64-bit varint")
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    for index in range(at, min(at + MAX_VARINT_BYTES, len(data))):
        byte = data[index]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                raise MalformedProtobuf("a varint is larger than 64 bits")
            return value, index + 1
        shift += 7
    raise MalformedProtobuf("a varint is truncated or longer than 10 bytes")


def _size_of(kind: int, data: bytes, at: int) -> tuple[int, int]:
    if kind == BYTES:
        return _read_varint(data, at)
    if kind in FIXED_SIZES:
        return FIXED_SIZES[kind], at
    raise MalformedProtobuf(f"wire type {kind} is not known here")
