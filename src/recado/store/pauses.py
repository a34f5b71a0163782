"""The pauses of sending: which numbers may start no new chats."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from recado.domain.pauses import Pause

from .database import Tx

_ALL: Final = """
SELECT p.instance_id, p.reason, p.since, p.until, p.strikes
FROM recado.send_pauses p JOIN public.whatsapp_instances i ON i.id = p.instance_id
WHERE p.phone_number IS NOT DISTINCT FROM i.phone_number
"""
_PUT: Final = """
INSERT INTO recado.send_pauses (instance_id, phone_number, reason, since, until, strikes)
SELECT id, phone_number, %(reason)s, %(since)s, %(until)s, %(strikes)s FROM public.whatsapp_instances WHERE id = %(id)s
ON CONFLICT (instance_id) DO UPDATE SET phone_number = excluded.phone_number, reason = excluded.reason,
  since = excluded.since, until = excluded.until, strikes = excluded.strikes
"""
_REMOVE: Final = "DELETE FROM recado.send_pauses WHERE instance_id = %s"


async def every(tx: Tx) -> dict[UUID, Pause]:
    """All that are kept, past ones too, of the numbers that are linked now."""
    cursor = await tx.execute(_ALL)
    return {
        id: Pause(reason=reason, since=since, until=until, strikes=strikes)
        for id, reason, since, until, strikes in await cursor.fetchall()
    }


async def put(tx: Tx, instance_id: UUID, pause: Pause) -> None:
    values = {"id": instance_id, "reason": pause.reason, "since": pause.since, "until": pause.until}
    await tx.execute(_PUT, values | {"strikes": pause.strikes})


async def remove(tx: Tx, instance_id: UUID) -> None:
    await tx.execute(_REMOVE, [instance_id])
