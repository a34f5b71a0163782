"""How much usually comes: for each instance and hour, in how many minutes somebody wrote."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from recado.domain.liveness import Traffic

from .database import Tx
from .recordset import recordset
from .rows import execute

_ADD: Final = """
INSERT INTO recado.traffic AS t (instance_id, hour, heard)
SELECT s.id, s.hour, s.heard FROM json_to_recordset(%s::json) AS s (id uuid, hour timestamptz, heard int)
JOIN public.whatsapp_instances i ON i.id = s.id
ORDER BY s.id, s.hour
ON CONFLICT (instance_id, hour) DO UPDATE SET heard = least(60, t.heard + excluded.heard)
"""
_OF: Final = "SELECT instance_id, hour, heard FROM recado.traffic WHERE instance_id = ANY(%s)"
_FORGET: Final = "DELETE FROM recado.traffic WHERE hour < %s"


async def add(tx: Tx, minutes: Mapping[tuple[UUID, datetime], int]) -> None:
    """So many more minutes in those hours of those instances."""
    rows = ({"id": id, "hour": hour, "heard": count} for (id, hour), count in minutes.items())
    if minutes:
        await execute(tx, _ADD, (recordset(rows),))


async def of(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Traffic]:
    """What is remembered of each; those of which nothing is are there too."""
    found: dict[UUID, dict[datetime, int]] = {id: {} for id in ids}
    for id, hour, heard in await (await tx.execute(_OF, (list(ids),))).fetchall():
        found[id][hour] = heard
    return dict(found)


async def forget(tx: Tx, before: datetime) -> None:
    """Drop what is older."""
    await execute(tx, _FORGET, (before,))
