"""The binary XML: nodes to bytes and back."""

from __future__ import annotations

import zlib

from recado_simulator.jid import LID_SERVER, PHONE_SERVER, Jid
from recado_simulator.node import Node, Value
from recado_simulator.tokens import Tokens

LIST_EMPTY, DICTIONARY_0 = 0, 236
INTEROP_JID, MESSENGER_JID, DEVICE_JID = 245, 246, 247
LIST_8, LIST_16 = 248, 249
JID_PAIR, HEX_8, BINARY_8, BINARY_20, BINARY_32, NIBBLE_8 = 250, 251, 252, 253, 254, 255

COMPRESSED = 2
PACKED_LIMIT = 127
AGENT_SERVERS = {0: PHONE_SERVER, 1: LID_SERVER, 128: "hosted", 129: "hosted.lid"}
SERVER_AGENTS = {server: agent for agent, server in AGENT_SERVERS.items()}
NIBBLE_CHARACTERS = frozenset("0123456789-.")
HEX_CHARACTERS = frozenset("0123456789ABCDEF")
NIBBLE_AS_HEX = str.maketrans("-.", "AB")


class CodecError(ValueError):
    """The bytes are not a node, or the node cannot be written."""


class Codec:
    """Encodes and decodes with one set of token dictionaries; holds no state between calls."""

    def __init__(self, tokens: Tokens) -> None:
        self._single: list[str | None] = [None] * 256
        self._single[1 : len(tokens.single)] = tokens.single[1:]
        self._double = tokens.double
        self._known = {
            text: bytes((DICTIONARY_0 + page, index))
            for page, texts in enumerate(tokens.double)
            for index, text in enumerate(texts)
        }
        self._known |= {text: bytes((index,)) for index, text in enumerate(tokens.single) if text}

    def encode(self, node: Node) -> bytes:
        """The node with its leading flag byte."""
        out = bytearray(b"\0")
        self._write_node(out, node)
        return bytes(out)

    def decode(self, data: bytes) -> Node:
        """Reads what `encode` writes, compressed or not."""
        if not data:
            raise CodecError("an empty frame")
        body, start = (zlib.decompress(data[1:]), 0) if data[0] & COMPRESSED else (data, 1)
        try:
            return self._read_node(body, start)[0]
        except (IndexError, TypeError, UnicodeDecodeError) as error:
            raise CodecError(f"not a node: {error}") from error

    def with_attribute(self, encoded: bytes, name: str, value: str) -> bytes:
        """An encoded node with one attribute more; its tag must be a one-byte token."""
        if encoded[1] != LIST_8 or encoded[2] > 253:
            raise CodecError("the node has no room for an attribute")
        out = bytearray((0, LIST_8, encoded[2] + 2, encoded[3]))
        self._write_text(out, name)
        self._write_text(out, value)
        return bytes(out) + encoded[4:]

    def _write_node(self, out: bytearray, node: Node) -> None:
        tag, attrs, content = node
        write_list_start(out, 1 + 2 * len(attrs) + (content is not None))
        self._write_text(out, tag)
        for name, value in attrs.items():
            self._write_text(out, name)
            if type(value) is str:
                self._write_text(out, value)
            else:
                self._write_value(out, value)
        if content is None:
            return
        if type(content) is bytes:
            write_length(out, len(content))
            out += content
        elif type(content) is list:
            write_list_start(out, len(content))
            for child in content:
                self._write_node(out, child)
        elif type(content) is str:
            self._write_text(out, content)
        else:
            raise CodecError(f"{type(content).__name__} cannot be a node's content")

    def _write_value(self, out: bytearray, value: Value) -> None:
        if isinstance(value, Jid):
            self._write_jid(out, value)
        elif isinstance(value, str):
            self._write_text(out, value)
        else:
            raise CodecError(f"{type(value).__name__} cannot be an attribute")

    def _write_jid(self, out: bytearray, jid: Jid) -> None:
        user, server, device = jid
        if device:
            if server not in SERVER_AGENTS or device > 255:
                raise CodecError(f"{jid} cannot be written")
            out += bytes((DEVICE_JID, SERVER_AGENTS[server], device))
            self._write_text(out, user)
            return
        out.append(JID_PAIR)
        if user:
            self._write_text(out, user)
        else:
            out.append(LIST_EMPTY)
        self._write_text(out, server)

    def _write_text(self, out: bytearray, text: str) -> None:
        known = self._known.get(text)
        if known is not None:
            out += known
        elif not 0 < len(text) <= PACKED_LIMIT:
            write_raw(out, text)
        elif NIBBLE_CHARACTERS.issuperset(text):
            write_packed(out, NIBBLE_8, text.translate(NIBBLE_AS_HEX))
        elif HEX_CHARACTERS.issuperset(text):
            write_packed(out, HEX_8, text)
        else:
            write_raw(out, text)

    def _read_node(self, data: bytes, at: int) -> tuple[Node, int]:
        size, at = read_list_start(data, at)
        if not size:
            raise CodecError("a node without a tag")
        tag, at = self._read_text(data, at)
        attrs: dict[str, Value] = {}
        for _ in range((size - 1) >> 1):
            name, at = self._read_text(data, at)
            value, at = self._read_value(data, at)
            attrs[name] = value
        if size & 1:
            return Node(tag, attrs), at
        content, at = self._read_content(data, at)
        return Node(tag, attrs, content), at

    def _read_content(self, data: bytes, at: int) -> tuple[bytes | str | list[Node] | None, int]:
        kind = data[at]
        if BINARY_8 <= kind <= BINARY_32:
            return read_bytes(data, at)
        if kind in (LIST_8, LIST_16):
            count, at = read_list_start(data, at)
            children = []
            for _ in range(count):
                child, at = self._read_node(data, at)
                children.append(child)
            return children, at
        if kind == LIST_EMPTY:
            return None, at + 1
        return self._read_text(data, at)

    def _read_text(self, data: bytes, at: int) -> tuple[str, int]:
        value, at = self._read_value(data, at)
        if type(value) is not str:
            raise CodecError(f"{value} where a string was expected")
        return value, at

    def _read_value(self, data: bytes, at: int) -> tuple[Value, int]:
        kind = data[at]
        known = self._single[kind]
        if known is not None:
            return known, at + 1
        if kind == BINARY_8:
            end = at + 2 + data[at + 1]
            return data[at + 2 : end].decode(), end
        if kind in (NIBBLE_8, HEX_8):
            return read_packed(data, at)
        if kind == JID_PAIR:
            return self._read_jid_pair(data, at + 1)
        if kind == DEVICE_JID:
            user, end = self._read_text(data, at + 3)
            return Jid(user, AGENT_SERVERS.get(data[at + 1], PHONE_SERVER), data[at + 2]), end
        if DICTIONARY_0 <= kind < DICTIONARY_0 + len(self._double):
            return self._double[kind - DICTIONARY_0][data[at + 1]], at + 2
        if kind == LIST_EMPTY:
            return "", at + 1
        if kind in (BINARY_20, BINARY_32):
            raw, at = read_bytes(data, at)
            return raw.decode(), at
        if kind in (MESSENGER_JID, INTEROP_JID):
            return self._read_foreign_jid(data, at)
        raise CodecError(f"unknown token {kind} at {at}")

    def _read_jid_pair(self, data: bytes, at: int) -> tuple[Jid, int]:
        user, at = self._read_text(data, at)
        server, at = self._read_text(data, at)
        return Jid(user, server), at

    def _read_foreign_jid(self, data: bytes, at: int) -> tuple[Jid, int]:
        user, end = self._read_text(data, at + 1)
        device = int.from_bytes(data[end : end + 2])
        server, end = self._read_text(data, end + (2 if data[at] == MESSENGER_JID else 4))
        return Jid(user, server, device), end


def write_list_start(out: bytearray, size: int) -> None:
    if not size:
        out.append(LIST_EMPTY)
    elif size < 256:
        out += bytes((LIST_8, size))
    else:
        out.append(LIST_16)
        out += size.to_bytes(2)


def write_length(out: bytearray, length: int) -> None:
    if length < 256:
        out += bytes((BINARY_8, length))
    elif length < 1 << 20:
        out.append(BINARY_20)
        out += length.to_bytes(3)
    else:
        out.append(BINARY_32)
        out += length.to_bytes(4)


def write_raw(out: bytearray, text: str) -> None:
    raw = text.encode()
    write_length(out, len(raw))
    out += raw


def write_packed(out: bytearray, kind: int, digits: str) -> None:
    odd = len(digits) & 1
    out += bytes((kind, (len(digits) + 1) // 2 | odd << 7))
    out += bytes.fromhex(digits + "F" if odd else digits)


def read_list_start(data: bytes, at: int) -> tuple[int, int]:
    kind = data[at]
    if kind == LIST_8:
        return data[at + 1], at + 2
    if kind == LIST_16:
        return int.from_bytes(data[at + 1 : at + 3]), at + 3
    if kind == LIST_EMPTY:
        return 0, at + 1
    raise CodecError(f"token {kind} where a list was expected, at {at}")


def read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    width = {BINARY_8: 1, BINARY_20: 3, BINARY_32: 4}[data[at]]
    start = at + 1 + width
    end = start + int.from_bytes(data[at + 1 : start])
    if end > len(data):
        raise CodecError(f"{end - len(data)} bytes are missing")
    return data[start:end], end


def read_packed(data: bytes, at: int) -> tuple[str, int]:
    head = data[at + 1]
    end = at + 2 + (head & 127)
    if end > len(data):
        raise CodecError("a packed string is cut short")
    digits = data[at + 2 : end].hex().upper()
    if head & 128:
        digits = digits[:-1]
    if data[at] == NIBBLE_8:
        digits = digits.replace("A", "-").replace("B", ".")
    return digits, end
