"""How many instances, messages in the queue and bytes there are, each read at a bounded cost."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from recado.domain.figures import Deliveries, Queue, Sizes
from recado.domain.ids import uuid7

from .database import Tx
from .rows import fetch_all, fetch_one

MOST_QUEUED: Final = 10_000
MOST_TRIES: Final = 500

_STATES: Final = """
SELECT state, count(*) FROM public.whatsapp_instances WHERE %(only)s::uuid IS NULL OR id = %(only)s GROUP BY state
"""

# The positions of the queue are in the order of acceptance, so its first ones are the oldest.
_QUEUE: Final = """
SELECT count(*) AS waiting, min(created_at) AS oldest_at, count(*) >= %(most)s AS is_cut FROM (
  SELECT created_at FROM recado.send_queue WHERE send_at IS NULL ORDER BY position LIMIT %(most)s
) AS first
"""
_QUEUE_OF: Final = """
SELECT count(*) AS waiting, min(created_at) AS oldest_at, count(*) >= %(most)s AS is_cut FROM (
  SELECT created_at FROM recado.send_queue WHERE send_at IS NULL AND instance_id = %(only)s LIMIT %(most)s
) AS first
"""

_SIZES: Final = """
SELECT pg_database_size(current_database()) AS database,
  (SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint FROM pg_inherits
   WHERE inhparent = 'recado.event_log'::regclass) AS log,
  (SELECT e.time FROM recado.log_days d JOIN recado.event_log e ON e.day = d.day AND e.position = d.first_position
   ORDER BY d.day LIMIT 1) AS oldest
"""

_DELIVERIES: Final = """
SELECT w.id AS webhook_id, t.arrived, t.failed FROM unnest(%(ids)s::uuid[]) AS w (id) CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE error IS NULL) AS arrived, count(*) FILTER (WHERE error IS NOT NULL) AS failed FROM (
    SELECT error FROM recado.delivery_attempts
    WHERE webhook_id = w.id AND id >= %(since)s::uuid ORDER BY id DESC LIMIT %(most)s
  ) AS few
) AS t
"""


async def states(tx: Tx, only: UUID | None) -> dict[str, int]:
    """How many instances are in each state."""
    return dict(await (await tx.execute(_STATES, {"only": only})).fetchall())


async def queue(tx: Tx, only: UUID | None) -> Queue:
    """What waits to be sent, appointments apart, of one instance or of all."""
    query = _QUEUE if only is None else _QUEUE_OF
    found = await fetch_one(tx, Queue, query, {"only": only, "most": MOST_QUEUED})
    assert found is not None
    return found


async def sizes(tx: Tx) -> Sizes:
    found = await fetch_one(tx, Sizes, _SIZES)
    assert found is not None
    return found


async def deliveries(tx: Tx, ids: Collection[UUID], since: datetime) -> dict[UUID, Deliveries]:
    """What came of the last tries of each of these webhooks."""
    params = {"ids": list(ids), "since": uuid7(int(since.timestamp() * 1000), bytes(10)), "most": MOST_TRIES}
    return {row.webhook_id: row for row in await fetch_all(tx, Deliveries, _DELIVERIES, params)}
