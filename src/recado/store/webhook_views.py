"""Webhooks as pages show them: a page of a list, or one, with what came of the last deliveries and what waits."""

from __future__ import annotations

from typing import Final, LiteralString
from uuid import UUID

from recado.domain.webhook_views import ParkedEvent, WebhookView

from .database import Tx
from .rows import fetch_all

# Whom somebody has to look after comes first. Parked deliveries are counted no further than shown.
_RANKED: Final[LiteralString] = """
SELECT w.id, CASE
  WHEN c.failing_since IS NOT NULL OR w.state_reason IS NOT NULL THEN 0
  WHEN EXISTS (SELECT FROM recado.parked_deliveries p WHERE p.webhook_id = w.id) THEN 1 ELSE 2 END AS rank
FROM recado.webhooks w JOIN recado.webhook_cursors c ON c.webhook_id = w.id
WHERE (%(only)s::uuid IS NULL OR w.instance_id = %(only)s) AND (%(id)s::uuid IS NULL OR w.id = %(id)s)
  AND (%(search)s = '' OR strpos(lower(w.url), lower(%(search)s)) > 0)
"""

_VIEWS: Final[LiteralString] = (
    "WITH ranked AS ("
    + _RANKED
    + """), shown AS (
  SELECT id, rank FROM ranked
  WHERE %(after_rank)s::integer IS NULL OR (rank, id) > (%(after_rank)s::integer, %(after_id)s::uuid)
  ORDER BY rank, id LIMIT %(limit)s
)
SELECT w.id, w.instance_id, i.instance_name, w.source, w.url, w.events, w.headers, w.state, w.state_reason, c.position,
  p.waiting, p.dead, c.failing_since, w.created_at, w.updated_at, s.rank, c.probe_at, p.next_at,
  coalesce(r.recent, '{}') AS recent, r.last_at, f.at AS failed_at, f.status AS failed_status, f.error AS failed_error
FROM shown s JOIN recado.webhooks w ON w.id = s.id JOIN recado.webhook_cursors c ON c.webhook_id = s.id
LEFT JOIN public.whatsapp_instances i ON i.id = w.instance_id
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE state <> 'dead') AS waiting, count(*) FILTER (WHERE state = 'dead') AS dead,
    min(next_at) FILTER (WHERE state = 'waiting') AS next_at
  FROM (
    SELECT state, next_at FROM recado.parked_deliveries WHERE webhook_id = s.id ORDER BY position LIMIT 20000
  ) AS few
) AS p
CROSS JOIN LATERAL (
  SELECT array_agg(error IS NULL ORDER BY id) AS recent, max(at) AS last_at
  FROM (SELECT id, at, error FROM recado.delivery_attempts WHERE webhook_id = s.id ORDER BY id DESC LIMIT 24) AS few
) AS r
LEFT JOIN LATERAL (
  SELECT at, status, error FROM recado.delivery_attempts
  WHERE webhook_id = s.id AND error IS NOT NULL ORDER BY id DESC LIMIT 1
) AS f ON true
ORDER BY s.rank, s.id
"""
)

_PARKED: Final = """
SELECT p.position, p.order_key, p.state, p.attempts, p.first_attempt_at, p.next_at, p.blocks_until, e.type, e.time
FROM (
  SELECT * FROM recado.parked_deliveries WHERE webhook_id = %(webhook_id)s ORDER BY position LIMIT %(limit)s
) AS p
LEFT JOIN recado.event_log e
  ON e.day = (SELECT max(day) FROM recado.log_days WHERE first_position <= p.position) AND e.position = p.position
ORDER BY p.position
"""


async def listed(
    tx: Tx, only: UUID | None, *, search: str, after: tuple[int, UUID] | None, limit: int
) -> list[WebhookView]:
    """Up to `limit` of one instance or of all, after that rank and id; those that need somebody first."""
    rank, id = after or (None, None)
    return await fetch_all(tx, WebhookView, _VIEWS, _wish(only, search=search, after=(rank, id), limit=limit))


async def find(tx: Tx, id: UUID) -> WebhookView | None:
    found = await fetch_all(tx, WebhookView, _VIEWS, _wish(None, id=id, limit=1))
    return found[0] if found else None


async def parked(tx: Tx, webhook_id: UUID, *, limit: int) -> list[ParkedEvent]:
    """The first of what waits, is held or was given up, with what stands there in the log."""
    return await fetch_all(tx, ParkedEvent, _PARKED, {"webhook_id": webhook_id, "limit": limit})


def _wish(
    only: UUID | None,
    *,
    id: UUID | None = None,
    search: str = "",
    after: tuple[int | None, UUID | None] = (None, None),
    limit: int,
) -> dict[str, object]:
    place = {"after_rank": after[0], "after_id": after[1]}
    return {"only": only, "id": id, "search": search, "limit": limit, **place}
