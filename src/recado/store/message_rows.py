"""A row of `whatsapp_messages` with all that belongs to it: file, chat, sender."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from recado.domain.messages import Message

from . import chats, media
from .contacts import contact_of

SHAPE: Final = f"""
SELECT m.id, m.instance_id, m.wa_id, m.from_me, m.kind, m.text, m.quoted_wa_id, m.sent_at, m.tiebreak, m.status,
  m.status_at, m.error_code, m.error_detail, m.quoted_text, m.details, m.edited_at, m.target_wa_id,
  {media.COLUMNS}, {chats.COLUMNS},
  s.id, s.instance_id, s.phone_number, s.lid, s.name, s.push_name, s.business_name
FROM public.whatsapp_messages m
JOIN public.whatsapp_chats h ON h.id = m.chat_id
LEFT JOIN public.whatsapp_contacts p ON p.id = h.contact_id
LEFT JOIN public.whatsapp_contacts s ON s.id = m.sender_id
LEFT JOIN public.whatsapp_media f ON f.message_id = m.id
"""
"""What `message_of` reads, with nothing behind its joins yet."""


def message_of(columns: Sequence[Any]) -> Message:
    """From SHAPE."""
    (
        id, instance_id, wa_id, from_me, kind, text, quoted_wa_id, sent_at, tiebreak, status, status_at, error_code,
        error_detail, quoted_text, details, edited_at, target_wa_id, *rest,
    ) = columns  # fmt: skip
    file, place, person = rest[: media.COUNT], rest[media.COUNT : -7], rest[-7:]
    return Message(
        id=id,
        instance_id=instance_id,
        wa_id=wa_id,
        chat=chats.chat_of(place),
        sender=contact_of(person) if person[0] is not None else None,
        from_me=from_me,
        kind=kind,
        text=text,
        quoted_wa_id=quoted_wa_id,
        quoted_text=quoted_text,
        details=details,
        media=media.media_of(file),
        edited_at=edited_at,
        target_wa_id=target_wa_id,
        sent_at=sent_at,
        tiebreak=tiebreak,
        status=status,
        status_at=status_at,
        error_code=error_code,
        error_detail=error_detail,
    )
