"""The file of a message: what can be told of it before anybody has fetched it; and its small picture as bytes."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A row of `whatsapp_media`. `kind` is `image`, `video`, `gif`, `note` (a round video), `voice`, `audio`,
    `document` or `sticker`; `sha256` is hex; `thumbnail` a data URL.
    """

    kind: str
    mime_type: str | None = None
    file_name: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    seconds: int | None = None
    width: int | None = None
    height: int | None = None
    thumbnail: str | None = None


def media_json(media: Media) -> dict[str, Any]:
    """A file on every way out, its small picture apart."""
    return {
        "kind": media.kind,
        "mime_type": media.mime_type,
        "file_name": media.file_name,
        "size_bytes": media.size_bytes,
        "sha256": media.sha256,
        "seconds": media.seconds,
        "width": media.width,
        "height": media.height,
    }


def media_hints(media: Media | None) -> dict[str, Any] | None:
    """Of a file, what a summary looks at."""
    if media is None:
        return None
    hints = {"kind": media.kind, "file_name": media.file_name, "seconds": media.seconds}
    return {name: value for name, value in hints.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image that a browser may be given: its type is what its bytes are, whatever a sender says of it."""

    mime_type: str
    content: bytes


def picture_of(data_url: str | None) -> Picture | None:
    """The bytes of a data URL, if they are an image of a kind in which no script can be."""
    header, _, coded = (data_url or "").partition(",")
    if not header.endswith(";base64"):
        return None
    try:
        content = base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        return None
    mime_type = image_type(content)
    return Picture(mime_type=mime_type, content=content) if mime_type is not None else None


def image_type(content: bytes) -> str | None:
    """What the bytes are: JPEG, PNG or WebP; None for everything else."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None
