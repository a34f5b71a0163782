"""What a worker writes of the instances it holds: each write stands under the fence of a lease, or does not happen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from recado.domain.instances import Instance, Linked, Pairing
from recado.domain.states import Observed, State, status_of

from . import identities
from .database import Tx
from .instances import COLUMNS
from .recordset import recordset
from .rows import execute, fetch_all, fetch_values

# The leases stay locked until the transaction ends: nobody can take one over between this look and the commit.
_HELD: Final[LiteralString] = """
held AS MATERIALIZED (
  SELECT l.subject FROM recado.leases l JOIN said ON said.id = l.subject AND said.fence = l.fence
  WHERE l.kind = 'instance' AND l.holder IS NOT NULL
  ORDER BY l.subject FOR SHARE OF l
)
"""

_RECORD: Final[LiteralString] = f"""
WITH said AS (
  SELECT * FROM json_to_recordset(%(said)s) AS s (id uuid, fence bigint, status text, state text, reason text,
    user_action text, attempt int, next_at timestamptz, deadline timestamptz, since timestamptz, unlinks boolean,
    phone_number text, lid text, push_name text, platform text)
), {_HELD}, over AS (
  DELETE FROM recado.pairings USING said JOIN held ON held.subject = said.id
  WHERE pairings.instance_id = said.id AND said.state <> 'awaiting_scan'
)
UPDATE public.whatsapp_instances i SET status = said.status, state = said.state, reason = said.reason,
  user_action = said.user_action, attempt = said.attempt, next_at = said.next_at, deadline = said.deadline,
  since = said.since, checked_at = %(now)s, updated_at = %(now)s,
  qr_code = CASE WHEN said.state = 'awaiting_scan' THEN i.qr_code END,
  phone_number = CASE WHEN NOT said.unlinks THEN coalesce(said.phone_number, i.phone_number) END,
  lid = CASE WHEN NOT said.unlinks THEN coalesce(said.lid, i.lid) END,
  push_name = CASE WHEN NOT said.unlinks THEN coalesce(said.push_name, i.push_name) END,
  platform = CASE WHEN NOT said.unlinks THEN coalesce(said.platform, i.platform) END
FROM said JOIN held ON held.subject = said.id
WHERE i.id = said.id
RETURNING {COLUMNS}
"""

_SHOW: Final[LiteralString] = f"""
WITH said AS (SELECT %(id)s::uuid AS id, %(fence)s::bigint AS fence), {_HELD}, shown AS (
  UPDATE public.whatsapp_instances i SET qr_code = %(picture)s, updated_at = %(now)s
  FROM held WHERE i.id = held.subject AND i.state = 'awaiting_scan' RETURNING i.id
)
INSERT INTO recado.pairings (instance_id, method, code, phone, expires_at)
SELECT id, %(method)s, %(code)s, %(phone)s, %(expires_at)s FROM shown
ON CONFLICT (instance_id) DO UPDATE SET method = excluded.method, code = excluded.code, phone = excluded.phone,
  expires_at = excluded.expires_at
"""

_REMOVE: Final[LiteralString] = f"""
WITH said AS (SELECT %(id)s::uuid AS id, %(fence)s::bigint AS fence), {_HELD}
DELETE FROM public.whatsapp_instances i USING held WHERE i.id = held.subject
"""

# Whatever else wrote to the row, its state and status are what this worker sees.
_CONFIRM: Final[LiteralString] = f"""
WITH said AS (
  SELECT * FROM json_to_recordset(%(said)s) AS s (id uuid, fence bigint, status text, state text)
), {_HELD}
UPDATE public.whatsapp_instances i SET checked_at = %(now)s, state = said.state, status = said.status,
  updated_at = CASE WHEN (i.state, i.status) IS DISTINCT FROM (said.state, said.status) THEN %(now)s
    ELSE i.updated_at END
FROM said JOIN held ON held.subject = said.id
WHERE i.id = said.id
RETURNING i.id
"""

# Nobody has looked at these for a while: no code of theirs can be scanned, and the status follows from the state.
_CORRECT: Final[LiteralString] = f"""
WITH said AS (
  SELECT * FROM json_to_recordset(%(said)s) AS s (id uuid, fence bigint, status text, state text)
), {_HELD}, over AS (
  DELETE FROM recado.pairings USING held WHERE pairings.instance_id = held.subject
)
UPDATE public.whatsapp_instances i SET status = said.status, qr_code = NULL, updated_at = %(now)s
FROM said JOIN held ON held.subject = said.id
WHERE i.id = said.id AND (i.status IS DISTINCT FROM said.status OR i.qr_code IS NOT NULL)
"""

# Held, there, and all the same without what was written of it.
_SWALLOWED: Final[LiteralString] = """
SELECT i.id, i.instance_name FROM public.whatsapp_instances i
JOIN recado.leases l ON l.kind = 'instance' AND l.subject = i.id AND l.holder IS NOT NULL
JOIN json_to_recordset(%s) AS said (id uuid, fence bigint) ON said.id = i.id AND said.fence = l.fence
"""

_WISHES: Final[LiteralString] = """
SELECT i.id, i.wanted_at,
  l.holder IS NULL OR l.until <= clock_timestamp() OR l.holder = %(returning)s::uuid AS is_free
FROM public.whatsapp_instances i LEFT JOIN recado.leases l ON l.kind = 'instance' AND l.subject = i.id
WHERE i.engine = %(engine)s AND (i.reason IS NULL OR i.reason NOT IN ('moving', 'moved'))
ORDER BY i.wanted_at DESC, i.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """An instance as its holder sees it now. `unlinks`: it has no linked device any more."""

    id: UUID
    fence: int
    observed: Observed
    linked: Linked
    unlinks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """When an instance was last asked for something, and whether nobody looks after it (`is_free`)."""

    id: UUID
    wanted_at: datetime
    is_free: bool


async def record(tx: Tx, observations: Collection[Observation], now: datetime) -> dict[UUID, Instance]:
    """Write them; the answer is the new rows of those still held. A code stays shown while a scan is awaited."""
    rows = await fetch_all(tx, Instance, _RECORD, {"said": recordset(map(_row, observations)), "now": now})
    return {row.id: row for row in rows}


async def show(tx: Tx, id: UUID, fence: int, pairing: Pairing, picture: str | None, now: datetime) -> bool:
    """Show a code; `picture` is a data URL. False when it is no longer held, or waits for no code."""
    params = {
        "id": id,
        "fence": fence,
        "method": pairing.method,
        "code": pairing.code,
        "phone": pairing.phone,
        "expires_at": pairing.expires_at,
        "picture": picture,
        "now": now,
    }
    return await execute(tx, _SHOW, params) == 1


async def remove(tx: Tx, id: UUID, fence: int) -> bool:
    """Delete the instance and all that is its own; False when it is no longer held, or gone."""
    await identities.lock(tx, [id])
    return await execute(tx, _REMOVE, {"id": id, "fence": fence}) == 1


async def confirm(tx: Tx, states: Mapping[UUID, tuple[int, State]], now: datetime) -> set[UUID]:
    """Say of each (fence, state) that it is so at `now`; those still held."""
    return set(await fetch_values(tx, _CONFIRM, {"said": _said(states), "now": now}))


async def correct(tx: Tx, states: Mapping[UUID, tuple[int, State]], now: datetime) -> int:
    """Put right what follows from the state of rows just taken over; the number of those that were wrong."""
    return await execute(tx, _CORRECT, {"said": _said(states), "now": now})


async def swallowed(tx: Tx, fences: Mapping[UUID, int]) -> dict[UUID, str]:
    """Of instances that a write did not touch: those that are held and there, by name. Somebody swallows writes."""
    said = recordset({"id": id, "fence": fence} for id, fence in fences.items())
    return dict(await (await tx.execute(_SWALLOWED, (said,))).fetchall()) if fences else {}


async def wishes(tx: Tx, engine: str, *, returning: UUID | None) -> list[Wish]:
    """Every instance of that engine, the newest wish first. What `returning` held in an earlier life is free to it."""
    return await fetch_all(tx, Wish, _WISHES, {"engine": engine, "returning": returning})


def _said(states: Mapping[UUID, tuple[int, State]]) -> str:
    return recordset(
        {"id": id, "fence": fence, "state": state, "status": status_of(state)} for id, (fence, state) in states.items()
    )


def _row(one: Observation) -> dict[str, object]:
    seen = one.observed
    return {
        "id": one.id,
        "fence": one.fence,
        "status": seen.status,
        "state": seen.state,
        "reason": seen.reason,
        "user_action": seen.user_action,
        "attempt": seen.attempt,
        "next_at": seen.next_at,
        "deadline": seen.deadline,
        "since": seen.since,
        "unlinks": one.unlinks,
        "phone_number": one.linked.phone_number,
        "lid": one.linked.lid,
        "push_name": one.linked.push_name,
        "platform": one.linked.platform,
    }
