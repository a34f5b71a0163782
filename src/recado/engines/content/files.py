"""Pictures, films, sounds, documents, stickers: what is told of the file, and the small picture inside the message."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from recado.domain.media import Media

from .told import Reader, Told
from .values import count, flag, named, part, said, text, whole_text

_THUMBNAIL_LIMIT: Final = 65_536
_PICTURES: Final = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}
_INNER: Final = {
    "imageMessage": "image",
    "videoMessage": "video",
    "documentMessage": "document",
    "audioMessage": "audio",
}


def file(kind: str, body: Mapping[str, Any]) -> Media:
    """What is told of a file of this kind (see `domain.media.Media`)."""
    if kind == "video" and body.get("gifPlayback") is True:
        kind = "gif"
    if kind == "audio" and body.get("PTT") is True:
        kind = "voice"
    return Media(
        kind=kind,
        mime_type=text(body, "mimetype", 255),
        file_name=text(body, "fileName", 255) or (text(body, "title", 255) if kind == "document" else None),
        size_bytes=count(body, "fileLength", 2**53),
        sha256=_hash(body.get("fileSHA256")),
        seconds=count(body, "seconds"),
        width=count(body, "width"),
        height=count(body, "height"),
        thumbnail=picture(body.get("JPEGThumbnail") or body.get("pngThumbnail")),
    )


def preview(body: Mapping[str, Any], name: str = "JPEGThumbnail") -> Media | None:
    """The small picture of something that is no file: a place, a link."""
    thumbnail = picture(body.get(name))
    return Media(kind="preview", thumbnail=thumbnail) if thumbnail else None


def inner_file(body: Mapping[str, Any]) -> Media | None:
    """The file at the head of a message that is more than that."""
    for name, kind in _INNER.items():
        if found := part(body, name):
            return file(kind, found)
    return None


def picture(value: object) -> str | None:
    """Base64 of a picture as a data URL; None when it is none, or too large."""
    if not isinstance(value, str) or not value or len(value) > _THUMBNAIL_LIMIT - 32:
        return None
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    kind = next((kind for start, kind in _PICTURES.items() if raw.startswith(start)), None)
    return f"data:{kind};base64,{value}" if kind else None


def _hash(value: object) -> str | None:
    try:
        raw = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        return None
    return raw.hex() if len(raw) == 32 else None


def _captioned(kind: str, body: Mapping[str, Any]) -> Told:
    details = said(is_view_once=flag(body, "viewOnce"), pages=count(body, "pageCount"))
    return Told(text=whole_text(body, "caption"), details=details, media=file(kind, body))


def _sticker(body: Mapping[str, Any]) -> Told:
    is_moving = flag(body, "isAnimated") or flag(body, "isLottie")
    about = said(is_animated=is_moving, emojis=text(body, "emojis", 64))
    return Told(details=named("sticker", about), media=file("sticker", body))


def _sticker_pack(body: Mapping[str, Any]) -> Told:
    stickers = body.get("stickers")
    about = said(
        name=text(body, "name", 256),
        publisher=text(body, "publisher", 256),
        description=text(body, "packDescription"),
        stickers=len(stickers) if isinstance(stickers, list) else None,
    )
    return Told(text=whole_text(body, "caption"), details=named("sticker_pack", about))


def _album(body: Mapping[str, Any]) -> Told:
    about = said(images=count(body, "expectedImageCount"), videos=count(body, "expectedVideoCount"))
    return Told(details=named("album", about))


READERS: Final[dict[str, Reader]] = {
    "imageMessage": partial(_captioned, "image"),
    "videoMessage": partial(_captioned, "video"),
    "ptvMessage": partial(_captioned, "note"),
    "audioMessage": partial(_captioned, "audio"),
    "documentMessage": partial(_captioned, "document"),
    "stickerMessage": _sticker,
    "stickerPackMessage": _sticker_pack,
    "albumMessage": _album,
}
