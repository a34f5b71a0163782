"""Whose session each instance is, as the seed's `whatsapp_sessions` keeps it: identity, never key material."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from recado.domain.instances import Linked, Past

from .database import Tx
from .recordset import recordset
from .rows import execute, fetch_one

_PUT: Final[LiteralString] = """
INSERT INTO public.whatsapp_sessions AS s (instance_name, phone_number, session_data, last_activity)
SELECT i.instance_name, said.phone_number, said.session_data, said.last_activity
FROM json_to_recordset(%s) AS said (id uuid, phone_number text, session_data jsonb, last_activity timestamptz)
JOIN public.whatsapp_instances i ON i.id = said.id
ON CONFLICT (instance_name) DO UPDATE SET phone_number = excluded.phone_number,
  session_data = coalesce(s.session_data, '{}') || excluded.session_data, last_activity = excluded.last_activity
"""

_PAST: Final[LiteralString] = """
SELECT
  (SELECT t.at FROM recado.timeline t WHERE t.instance_id = i.id AND t.code = 'paired' AND i.phone_number IS NOT NULL
    ORDER BY t.id DESC LIMIT 1) AS paired_at,
  (SELECT p.seen_at FROM recado.phones p WHERE p.instance_id = i.id AND i.phone_number IS NOT NULL) AS phone_seen_at,
  (s.session_data->'backup'->>'at')::timestamptz AS backup_at,
  s.session_data->'backup'->>'file' AS backup_file
FROM public.whatsapp_instances i LEFT JOIN public.whatsapp_sessions s ON s.instance_name = i.instance_name
WHERE i.id = %s
"""

_DROP: Final[LiteralString] = """
DELETE FROM public.whatsapp_sessions s USING public.whatsapp_instances i
WHERE i.instance_name = s.instance_name AND i.id = ANY (%s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A session that has just become ready."""

    id: UUID
    linked: Linked
    at: datetime


async def past(tx: Tx, id: UUID) -> Past:
    """What is remembered of this instance's linked phone."""
    return await fetch_one(tx, Past, _PAST, (id,)) or Past()


async def put(tx: Tx, sessions: Collection[Ready]) -> None:
    """Write down whose they are."""
    if sessions:
        await execute(tx, _PUT, (recordset(map(_row, sessions)),))


async def drop(tx: Tx, ids: Collection[UUID]) -> None:
    """These have no linked device any more."""
    if ids:
        await execute(tx, _DROP, (list(ids),))


def _row(ready: Ready) -> dict[str, object]:
    who = ready.linked
    identity = {
        "phone_number": who.phone_number,
        "lid": who.lid,
        "push_name": who.push_name,
        "platform": who.platform,
    }
    return {
        "id": ready.id,
        "phone_number": who.phone_number,
        "session_data": identity,
        "last_activity": ready.at,
    }
