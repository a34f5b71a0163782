"""Leases: who looks after an instance or a webhook, until when, and under which fence.

Time is the database's own, the one clock that all holders share. A fence only grows, so that whoever was replaced can
be told from whoever replaced it, however late the old one speaks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Literal
from uuid import UUID

from .database import Tx
from .rows import execute, fetch_value, fetch_values

Kind = Literal["instance", "webhook"]

# In the order of their ids: two who want the same ones wait for each other and never lock each other out.
_ACQUIRE = """
INSERT INTO recado.leases AS old (kind, subject, holder, fence, until)
SELECT %(kind)s, subject, %(holder)s, 1, clock_timestamp() + %(duration)s
FROM unnest(%(subjects)s::uuid[]) AS subject ORDER BY subject
ON CONFLICT (kind, subject) DO UPDATE SET holder = excluded.holder, fence = old.fence + 1, until = excluded.until
WHERE old.holder IS NULL OR old.holder = excluded.holder OR old.until <= clock_timestamp()
RETURNING subject, fence
"""

_RENEW = """
UPDATE recado.leases SET until = clock_timestamp() + %(duration)s
FROM unnest(%(subjects)s::uuid[], %(fences)s::bigint[]) AS held (subject, fence)
WHERE leases.kind = %(kind)s AND leases.subject = held.subject AND leases.fence = held.fence
  AND leases.holder IS NOT NULL
RETURNING leases.subject
"""

_RELEASE = """
UPDATE recado.leases SET holder = NULL, until = '-infinity'
WHERE kind = %s AND subject = %s AND fence = %s
"""

_EVICT = """
INSERT INTO recado.leases AS old (kind, subject, fence) VALUES (%s, %s, 1)
ON CONFLICT (kind, subject) DO UPDATE SET holder = NULL, fence = old.fence + 1, until = '-infinity'
RETURNING fence
"""

_HOLDS = "SELECT fence = %s AND holder IS NOT NULL FROM recado.leases WHERE kind = %s AND subject = %s FOR SHARE"

_REMOVE = "DELETE FROM recado.leases WHERE kind = %s AND subject = %s"


async def acquire(
    tx: Tx, kind: Kind, subjects: Collection[UUID], *, holder: UUID, duration: timedelta
) -> dict[UUID, int]:
    """Take those that nobody else holds now; each with its new fence. What `holder` itself had is taken anew."""
    params = {"kind": kind, "subjects": list(subjects), "holder": holder, "duration": duration}
    return dict(await (await tx.execute(_ACQUIRE, params)).fetchall())


async def renew(tx: Tx, kind: Kind, fences: Mapping[UUID, int], *, duration: timedelta) -> set[UUID]:
    """Keep them; the answer is those still held. One that is missing there belongs to another now, or was released.

    A lease that ran out is kept too while nobody has taken it.
    """
    params = {"kind": kind, "subjects": list(fences), "fences": list(fences.values()), "duration": duration}
    return set(await fetch_values(tx, _RENEW, params))


async def release(tx: Tx, kind: Kind, subject: UUID, fence: int) -> bool:
    """Give it up; False when it was no longer held under that fence."""
    return await execute(tx, _RELEASE, (kind, subject, fence)) == 1


async def evict(tx: Tx, kind: Kind, subject: UUID) -> int:
    """Take it from whoever holds it and leave it free: the new fence, under which nobody has worked."""
    return int(await fetch_value(tx, _EVICT, (kind, subject)))


async def holds(tx: Tx, kind: Kind, subject: UUID, fence: int) -> bool:
    """Whether that fence is the current one, and stays so until this transaction ends."""
    return bool(await fetch_value(tx, _HOLDS, (fence, kind, subject)))


async def remove(tx: Tx, kind: Kind, subject: UUID) -> None:
    """Forget a subject that will never come back."""
    await execute(tx, _REMOVE, (kind, subject))
