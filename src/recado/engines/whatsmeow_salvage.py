"""What is kept of an event that the converter could not read: never nothing."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

from recado.domain.engine import Gap, Inbound, Incoming, Notice
from recado.domain.jid import identity_of


def salvage(event_type: str, session: str, data: Any, error: Exception, now: datetime) -> Inbound:
    """A message becomes `unknown` with its bytes; an undecryptable one a gap; anything else a notice. Never raises."""
    fields = data if isinstance(data, dict) else {}
    trouble = f"{type(error).__name__}: {error}"[:500]
    if event_type == "message" and fields.get("id"):
        return Incoming(
            **_who(session, fields, now), is_group=fields.get("is_group") is True, kind="unknown", text=None,
            raw=_bytes(fields.get("bytes")), content=None, trouble=trouble,
        )  # fmt: skip
    if event_type == "undecryptable" and fields.get("id"):
        return Gap(**_who(session, fields, now), cause=trouble)
    return Notice(session=session, name="Unreadable", value={"type": event_type, "trouble": trouble})


def _who(session: str, fields: dict[str, Any], now: datetime) -> dict[str, Any]:
    chat, sender = _text(fields.get("chat")), _text(fields.get("sender"))
    return {
        "session": session,
        "wa_id": _text(fields["id"]),
        "chat": chat,
        "chat_identity": identity_of(chat),
        "sender": identity_of(sender, _text(fields.get("sender_alt"))),
        "is_from_me": fields.get("is_from_me") is True,
        "sent_at": _time(fields.get("timestamp_at"), now),
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _time(value: Any, now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return now


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(value)
    except (TypeError, ValueError, binascii.Error):
        return b""
