"""The columns of `whatsapp_media` as they stand beside a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from recado.domain.media import Media

from .database import Tx
from .rows import fetch_value

COLUMNS: Final = """
f.kind, f.mime_type, f.file_name, f.size_bytes, f.sha256, f.seconds, f.width, f.height, f.thumbnail
"""
COUNT: Final = 9
_THUMBNAIL: Final = """
SELECT f.thumbnail FROM public.whatsapp_media f JOIN public.whatsapp_messages m ON m.id = f.message_id
WHERE m.instance_id = %s AND m.id = %s
"""


def media_of(columns: Sequence[Any]) -> Media | None:
    """From COLUMNS; None where there is no file."""
    kind, mime_type, file_name, size_bytes, sha256, seconds, width, height, thumbnail = columns
    if kind is None:
        return None
    return Media(
        kind=kind,
        mime_type=mime_type,
        file_name=file_name,
        size_bytes=size_bytes,
        sha256=sha256,
        seconds=seconds,
        width=width,
        height=height,
        thumbnail=thumbnail,
    )


async def thumbnail(tx: Tx, instance_id: UUID, message_id: UUID) -> str | None:
    """The small picture inside a message, as a data URL."""
    found = await fetch_value(tx, _THUMBNAIL, [instance_id, message_id])
    return found if isinstance(found, str) else None
