"""Packing: how a chunk becomes an offer, inside the notification or as a file, whole or broken."""

from __future__ import annotations

import zlib
from typing import Literal

from recado_simulator.history.chunk import Chunk
from recado_simulator.history.offer import Offer
from recado_simulator.media import MediaKind, encrypt_media
from recado_simulator.protobuf import Value, encode
from recado_simulator.shelf import Shelf

Broken = Literal["hash", "gone", "zlib", "form"]
SHELF = "md-msg-hist"
NO_PROTOBUF = b"\xff" * 64


def inline_offer(chunk: Chunk, device: int, shelf: Shelf, request: str | None, broken: Broken | None) -> Offer:
    """An offer that carries the chunk itself. Raises ValueError for what can only be wrong with a file."""
    if broken in ("hash", "gone"):
        raise ValueError(f"an inline chunk cannot be broken by {broken!r}")
    payload = spoilt(chunk.payload, broken)
    notification = encode([*described(chunk, request), (11, payload)])
    return Offer(chunk=chunk, device=device, notification=notification, path=None, request=request, shelf=shelf)


def filed_offer(
    chunk: Chunk, device: int, shelf: Shelf, request: str | None, broken: Broken | None, media_key: bytes
) -> Offer:
    """An offer whose chunk lies on the media server, unless it is `gone`."""
    file = encrypt_media(spoilt(chunk.payload, broken), MediaKind.HISTORY, media_key)
    data = file.data[:-1] + bytes((file.data[-1] ^ 1,)) if broken == "hash" else file.data
    direct_path = shelf.put(SHELF, data)
    path = direct_path.partition("?")[0]
    if broken == "gone":
        shelf.lose(path)
    fields: list[tuple[int, Value | None]] = [
        (1, file.file_sha256),
        (2, file.file_length),
        (3, media_key),
        (4, file.file_enc_sha256),
        (5, direct_path.encode()),
        *described(chunk, request),
        (14, path.rpartition("/")[2].encode()),
    ]
    return Offer(chunk=chunk, device=device, notification=encode(fields), path=path, request=request, shelf=shelf)


def described(chunk: Chunk, request: str | None) -> list[tuple[int, Value | None]]:
    return [
        (6, chunk.sync_type),
        (7, chunk.order),
        (9, chunk.progress),
        (10, chunk.oldest_at),
        (12, request.encode() if request else None),
    ]


def spoilt(payload: bytes, broken: Broken | None) -> bytes:
    """What the chunk's bytes become: `zlib` ends in the middle, `form` is no HistorySync."""
    if broken == "zlib":
        return payload[: len(payload) // 2]
    if broken == "form":
        return zlib.compress(NO_PROTOBUF)
    return payload
