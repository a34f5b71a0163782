"""The timeline: what happened to an instance, as codes and parameters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from .database import Tx
from .recordset import recordset
from .rows import execute, fetch_all

# The same row again (a commit whose answer was lost) is no second one.
_ADD: Final[LiteralString] = """
INSERT INTO recado.timeline (id, instance_id, at, code, state, params)
SELECT said.* FROM json_to_recordset(%s) AS said (id uuid, instance_id uuid, at timestamptz, code text, state text,
  params jsonb)
ON CONFLICT (id) DO NOTHING
"""

_PAGE: Final[LiteralString] = """
SELECT id, instance_id, at, code, state, params FROM recado.timeline
WHERE instance_id = %(instance_id)s AND (%(before)s::uuid IS NULL OR id < %(before)s)
ORDER BY id DESC LIMIT %(limit)s
"""

_TIMES: Final[LiteralString] = """
SELECT instance_id, array_agg(at ORDER BY at) FROM recado.timeline
WHERE instance_id = ANY (%s) AND code = %s AND at > %s GROUP BY instance_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A row of the timeline."""

    id: UUID
    instance_id: UUID
    at: datetime
    code: str
    state: str | None
    params: dict[str, Any]


async def add(tx: Tx, steps: Sequence[Step]) -> None:
    if steps:
        rows = [{name: getattr(step, name) for name in Step.__dataclass_fields__} for step in steps]
        await execute(tx, _ADD, (recordset(rows),))


async def page(tx: Tx, instance_id: UUID, *, before: UUID | None, limit: int) -> list[Step]:
    """Up to `limit` steps, the newest first, all older than `before`."""
    return await fetch_all(tx, Step, _PAGE, {"instance_id": instance_id, "before": before, "limit": limit})


async def times_of(tx: Tx, instance_ids: Collection[UUID], code: str, since: datetime) -> dict[UUID, list[datetime]]:
    """When each took a step of that code since then, the oldest first; those that did not are missing."""
    cursor = await tx.execute(_TIMES, (list(instance_ids), code, since))
    return dict(await cursor.fetchall())
