"""When the phone of each instance gave its last sign, and which warning of its silence has been told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from recado.domain.concerns import Concern

from .database import Tx
from .recordset import recordset
from .rows import execute, fetch_all

# Of one that nobody has seen yet the time counts from the first look.
_SEE: Final = """
INSERT INTO recado.phones AS p (instance_id, seen_at)
SELECT s.id, s.at FROM json_to_recordset(%s::json) AS s (id uuid, at timestamptz)
JOIN public.whatsapp_instances i ON i.id = s.id
ORDER BY s.id
ON CONFLICT (instance_id) DO UPDATE SET seen_at = excluded.seen_at WHERE p.seen_at < excluded.seen_at
"""
_MEET: Final = """
INSERT INTO recado.phones (instance_id, seen_at)
SELECT i.id, %s FROM public.whatsapp_instances i WHERE i.id = ANY(%s) ORDER BY i.id
ON CONFLICT (instance_id) DO NOTHING
"""
_ALL: Final = "SELECT instance_id AS id, seen_at, told FROM recado.phones WHERE instance_id = ANY(%s)"
_TELL: Final = "UPDATE recado.phones SET told = %s WHERE instance_id = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """`told` is the last warning of its silence, None while there was none."""

    id: UUID
    seen_at: datetime
    told: Concern | None


async def see(tx: Tx, signs: Mapping[UUID, datetime]) -> None:
    """The phones of these instances gave a sign then; an older one than is known changes nothing."""
    if signs:
        await execute(tx, _SEE, (recordset({"id": id, "at": at} for id, at in signs.items()),))


async def of(tx: Tx, ids: Collection[UUID], now: datetime) -> list[Phone]:
    """The phones of these instances; one that was never heard of counts as seen now."""
    await execute(tx, _MEET, (now, list(ids)))
    return await fetch_all(tx, Phone, _ALL, (list(ids),))


async def tell(tx: Tx, id: UUID, warning: Concern | None) -> None:
    """That warning has been told, or (None) taken back."""
    await execute(tx, _TELL, (warning, id))
