"""Messages that came but could not be read: one row each until a message of the same id fills it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from .database import Tx
from .recordset import recordset

_RECORD = """
INSERT INTO recado.gaps (instance_id, chat, wa_id, at, cause)
SELECT t.instance_id, t.chat, t.wa_id, t.at, t.cause
FROM json_to_recordset(%s::json) AS t (instance_id uuid, chat text, wa_id text, at timestamptz, cause text)
WHERE NOT EXISTS (
  SELECT FROM public.whatsapp_messages m WHERE m.instance_id = t.instance_id AND m.wa_id = t.wa_id)
ON CONFLICT DO NOTHING
RETURNING instance_id, chat, wa_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """`chat` is a JID, as the message that fills it will name its chat."""

    instance_id: UUID
    chat: str
    wa_id: str
    at: datetime
    cause: str


async def record(tx: Tx, gaps: Iterable[GapRow]) -> set[tuple[UUID, str, str]]:
    """Note them; the new ones (instance, chat, WhatsApp's id) are returned. What has been read is no gap."""
    rows = recordset(
        {"instance_id": gap.instance_id, "chat": gap.chat, "wa_id": gap.wa_id, "at": gap.at, "cause": gap.cause}
        for gap in gaps
    )
    cursor = await tx.execute(_RECORD, [rows])
    return set(await cursor.fetchall())
