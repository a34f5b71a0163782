"""Events for tests that need some."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

from recado.domain.events import MESSAGE_RECEIVED, LoggedEvent, envelope
from recado.domain.sink import Parcel

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def parcel(position: int = 1, *, text: str = "oi") -> Parcel:
    event = LoggedEvent(
        id=UUID(int=position),
        type=MESSAGE_RECEIVED,
        time=NOON,
        instance_id=UUID(int=100),
        instance_name="loja",
        chat_id=UUID(int=200),
        data={"text": text},
        position=position,
    )
    return Parcel(event=event, body=json.dumps(envelope(event)).encode())
