"""From an event of the whatsmeow host (docs/engine-protocol.md, section 4) to what Recado means by it. Never raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from recado.domain.engine import Notice
from recado.domain.sync import Heard
from recado.domain.texts import storable

from . import fields
from . import whatsmeow_history as history
from . import whatsmeow_message as messages
from . import whatsmeow_sync as sync

Reader = Callable[[str, Mapping[str, Any], datetime], Heard]

READERS: Final[Mapping[str, Reader]] = {
    "message": messages.message,
    "receipt": messages.receipt,
    "undecryptable": messages.gap,
    "history_notice": history.notice,
    "history": history.batch,
    "app_state": sync.app_state,
    "ChatPresence": sync.typing,
    "Presence": sync.presence,
}
"""By type, and what comes as a notice by the library's name for it."""


def convert(type: str, session: str, data: object, *, now: datetime | None = None) -> Heard:
    """Read one event. What cannot be read is kept: a message as `unknown` with its bytes and a `trouble`.

    `now` stands in for a time that cannot be one.
    """
    now = now or datetime.now(UTC)
    values = fields.fields_of(data)
    if type == "notice":
        type, data = storable(fields.text(values, "name")), values.get("value")
        values = fields.fields_of(data)
    if type not in READERS:
        return Notice(session=session, name=type, value=data)
    try:
        return READERS[type](session, values, now)
    except Exception as error:
        return Notice(session=session, name=f"unreadable_{type}", value={"error": fields.said(error), "data": data})
