"""What receiving needs of `whatsapp_instances`: the names, and now and then a note that something came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from .database import Tx
from .recordset import recordset

_NAMES = "SELECT id, instance_name FROM public.whatsapp_instances WHERE id = ANY(%s)"
_NOTE = """
WITH active AS MATERIALIZED (
  SELECT i.id, i.instance_name, t.at
  FROM json_to_recordset(%s::json) AS t (id uuid, at timestamptz)
  JOIN public.whatsapp_instances i ON i.id = t.id
  ORDER BY i.id FOR NO KEY UPDATE OF i
), noted AS (
  UPDATE public.whatsapp_instances i SET last_activity_at = greatest(i.last_activity_at, a.at)
  FROM active a WHERE i.id = a.id
)
UPDATE public.whatsapp_sessions s SET last_activity = greatest(s.last_activity, a.at)
FROM active a WHERE s.instance_name = a.instance_name
"""


async def names(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of those instances that there are."""
    cursor = await tx.execute(_NAMES, [list(ids)])
    return dict(await cursor.fetchall())


async def note(tx: Tx, latest: Mapping[UUID, datetime]) -> None:
    """Something of these instances was stored at these times."""
    await tx.execute(_NOTE, [recordset({"id": id, "at": at} for id, at in latest.items())])
