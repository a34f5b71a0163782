"""The pieces of history that phones have offered: which is next, and what has become of each."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from recado.domain.history import FIRST_TYPES, History, Piece
from recado.domain.sync import HistoryBatch, HistoryFetched, HistoryNotice

from .database import Tx
from .rows import execute, fetch_all, fetch_one, fetch_value

# The same offer again is no second one, unless the phone makes it anew (under another id) once the first is settled:
# it may do so before Recado has noted that the phone knows how the first one went.
_OFFER: Final[LiteralString] = """
INSERT INTO recado.history_pieces AS p (id, instance_id, digest, wa_id, notification, sync_type, chunk_order, progress,
  request, sync, offered_at)
VALUES (%(id)s, %(instance_id)s, %(digest)s, %(wa_id)s, %(notification)s, %(sync_type)s, %(chunk_order)s, %(progress)s,
  %(request)s, %(sync)s, %(now)s)
ON CONFLICT (instance_id, digest) DO UPDATE
SET wa_id = excluded.wa_id, notification = excluded.notification, request = excluded.request, sync = excluded.sync,
  state = 'waiting', attempts = 0, next_at = NULL, error = NULL, offered_at = excluded.offered_at, ended_at = NULL
WHERE p.state <> 'waiting' AND p.wa_id <> excluded.wa_id
RETURNING id
"""
_IDENTIFY: Final[LiteralString] = """
UPDATE recado.history_pieces SET wa_id = %(wa_id)s
WHERE instance_id = %(instance_id)s AND digest = %(digest)s AND wa_id IS NULL
"""
_LATEST_SYNC: Final[LiteralString] = """
SELECT sync FROM recado.history_pieces WHERE instance_id = %s AND sync IS NOT NULL ORDER BY sync DESC LIMIT 1
"""
_PROGRESS: Final[LiteralString] = """
WITH latest AS MATERIALIZED (
  SELECT * FROM recado.history_pieces WHERE instance_id = %(instance_id)s AND sync = (
    SELECT sync FROM recado.history_pieces WHERE instance_id = %(instance_id)s AND sync IS NOT NULL
    ORDER BY sync DESC LIMIT 1)
), first AS (
  SELECT * FROM latest WHERE sync_type = ANY (%(types)s)
), hole AS (
  SELECT min(progress) AS progress FROM first WHERE state = 'waiting'
)
SELECT (SELECT count(*) FROM first) AS pieces,
  (SELECT count(*) FROM first WHERE state = 'waiting') AS waiting,
  (SELECT count(*) FROM latest WHERE state = 'lost') AS lost,
  (SELECT max(first.progress) FROM first, hole
    WHERE state <> 'waiting' AND first.progress < coalesce(hole.progress, 32767)) AS percent,
  (SELECT count(*) FROM public.whatsapp_chats WHERE instance_id = %(instance_id)s AND history_at IS NOT NULL) AS chats,
  (SELECT coalesce(sum(added), 0) FROM latest) AS messages
"""
_SHOW: Final[LiteralString] = """
UPDATE public.whatsapp_instances SET history_progress = %(percent)s
WHERE id = %(instance_id)s AND history_progress IS DISTINCT FROM %(percent)s
"""
_NEXT: Final[LiteralString] = """
SELECT p.* FROM unnest(%(instance_ids)s::uuid[]) AS i (id) CROSS JOIN LATERAL (
  SELECT id, instance_id, wa_id, notification, sync_type, request, state, attempts, offered_at
  FROM recado.history_pieces
  WHERE instance_id = i.id AND ended_at IS NULL AND (next_at IS NULL OR next_at <= %(now)s)
  ORDER BY request IS NULL, id LIMIT 1
) p
ORDER BY p.request IS NULL, p.id LIMIT 1
"""
_NEXT_AT: Final[LiteralString] = """
SELECT min(next_at) FROM recado.history_pieces
WHERE instance_id = ANY (%s) AND ended_at IS NULL AND next_at IS NOT NULL
"""
_BEGIN: Final[LiteralString] = """
UPDATE recado.history_pieces SET attempts = attempts + 1, conversations = 0, messages = 0, skipped = 0 WHERE id = %s
"""
_GROW: Final[LiteralString] = """
UPDATE recado.history_pieces
SET conversations = conversations + %s, messages = messages + %s, added = added + %s WHERE id = %s
"""
_STORE: Final[LiteralString] = """
UPDATE recado.history_pieces
SET state = 'stored', conversations = %s, messages = %s, skipped = %s, attempts = 0, next_at = NULL, error = NULL
WHERE id = %s
"""
_LOSE: Final[LiteralString] = """
UPDATE recado.history_pieces SET state = 'lost', error = %s, attempts = 0, next_at = NULL WHERE id = %s
"""
_END: Final[LiteralString] = """
UPDATE recado.history_pieces
SET state = CASE state WHEN 'stored' THEN 'done' ELSE state END, ended_at = %s, next_at = NULL, notification = NULL
WHERE id = %s AND state <> 'waiting'
"""
_POSTPONE: Final[LiteralString] = (
    "UPDATE recado.history_pieces SET attempts = %s, next_at = %s, error = %s WHERE id = %s"
)
_HURRY: Final[LiteralString] = """
UPDATE recado.history_pieces SET next_at = NULL
WHERE instance_id = %s AND ended_at IS NULL AND next_at IS NOT NULL
"""
_LIST: Final[LiteralString] = """
SELECT id, sync_type, chunk_order, progress, request, state, attempts, next_at, error, conversations, messages, added,
  skipped, offered_at, ended_at
FROM recado.history_pieces WHERE instance_id = %s ORDER BY offered_at DESC, id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A piece that something has to be done for: fetched (`waiting`), or its end told to the phone."""

    id: UUID
    instance_id: UUID
    wa_id: str | None
    notification: bytes
    sync_type: str
    request: str | None
    state: str
    attempts: int
    offered_at: datetime


async def offer(tx: Tx, instance_id: UUID, notice: HistoryNotice, *, id: UUID, begins: bool, now: datetime) -> bool:
    """Keep what the phone offers; whether there is something to fetch that there was not before.

    The caller holds the instance's lock. `begins`: the sync before it is over.
    """
    if notice.request is not None:
        sync = None
    elif begins:
        sync = id
    else:
        sync = await fetch_value(tx, _LATEST_SYNC, (instance_id,)) or id
    params = {
        "id": id,
        "instance_id": instance_id,
        "digest": hashlib.sha256(notice.notification).digest(),
        "wa_id": notice.wa_id,
        "notification": notice.notification,
        "sync_type": notice.sync_type,
        "chunk_order": notice.chunk_order,
        "progress": notice.progress,
        "request": notice.request,
        "sync": sync,
        "now": now,
    }
    if await fetch_value(tx, _OFFER, params) is not None:
        return True
    await execute(tx, _IDENTIFY, params)
    return False


async def progress(tx: Tx, instance_id: UUID) -> History:
    """How far the last sync has come."""
    found = await fetch_one(tx, History, _PROGRESS, {"instance_id": instance_id, "types": sorted(FIRST_TYPES)})
    return found or History()


async def show(tx: Tx, instance_id: UUID, percent: int | None) -> None:
    """Write the percent into the instance's row, if it is another one."""
    await execute(tx, _SHOW, {"instance_id": instance_id, "percent": percent})


async def next_due(tx: Tx, instance_ids: Collection[UUID], now: datetime) -> Due | None:
    """Of these instances the oldest offer whose time has come; what somebody waits for comes first."""
    return await fetch_one(tx, Due, _NEXT, {"instance_ids": list(instance_ids), "now": now})


async def next_at(tx: Tx, instance_ids: Collection[UUID]) -> datetime | None:
    """When one of these instances has a piece to be tried again."""
    found: datetime | None = await fetch_value(tx, _NEXT_AT, (list(instance_ids),))
    return found


async def begin(tx: Tx, id: UUID) -> None:
    """It is fetched from its start."""
    await execute(tx, _BEGIN, (id,))


async def grow(tx: Tx, id: UUID, batch: HistoryBatch, added: int) -> bool:
    """So much more of it is stored. False when it is not there any more, nor is its instance."""
    return await execute(tx, _GROW, (len(batch.conversations), len(batch.messages), added, id)) > 0


async def store(tx: Tx, id: UUID, fetched: HistoryFetched) -> None:
    """All of it is stored; the phone has to be told."""
    await execute(tx, _STORE, (fetched.conversations, fetched.messages, fetched.skipped, id))


async def lose(tx: Tx, id: UUID, error: str) -> None:
    """It cannot be had; the phone has to be told."""
    await execute(tx, _LOSE, (error, id))


async def end(tx: Tx, id: UUID, now: datetime) -> None:
    """The phone knows; its key is forgotten, unless the phone has offered it anew in the meantime."""
    await execute(tx, _END, (now, id))


async def postpone(tx: Tx, id: UUID, attempts: int, until: datetime, error: str) -> None:
    """Try again then."""
    await execute(tx, _POSTPONE, (attempts, until, error, id))


async def hurry(tx: Tx, instance_id: UUID) -> None:
    """Try all that waits now."""
    await execute(tx, _HURRY, (instance_id,))


async def recent(tx: Tx, instance_id: UUID, limit: int) -> list[Piece]:
    """The last ones offered, the newest first."""
    return await fetch_all(tx, Piece, _LIST, (instance_id, limit))
