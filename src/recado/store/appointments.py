"""What time and people do to the send queue: appointments come due, messages expire, somebody takes one back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from recado.domain.failures import EXPIRED, FAILURES

from .database import Tx

_DUE: Final = """
SELECT
  array(
    SELECT instance_id FROM recado.send_queue WHERE send_at <= %(now)s
    UNION SELECT instance_id FROM recado.send_queue WHERE expires_at <= %(now)s AND tried_at IS NULL
    ORDER BY instance_id
  ),
  least(
    (SELECT min(send_at) FROM recado.send_queue WHERE send_at > %(now)s),
    (SELECT min(expires_at) FROM recado.send_queue WHERE expires_at > %(now)s)
  )
"""
# In the order of their times; where there are several at once, of acceptance. They stand in their chat when they go.
_BEGIN: Final = """
WITH due AS MATERIALIZED (
  SELECT message_id, chat_id, instance_id, row_number() OVER (ORDER BY send_at, position) AS n
  FROM recado.send_queue
  WHERE send_at <= %(now)s AND instance_id = ANY (%(ids)s) AND (expires_at IS NULL OR expires_at > %(now)s)
), placed AS MATERIALIZED (
  SELECT *, nextval('recado.send_queue_position_seq') AS position, nextval('recado.message_order') AS tiebreak
  FROM (SELECT * FROM due ORDER BY n) d
), queue AS (
  UPDATE recado.send_queue q SET send_at = NULL, position = p.position FROM placed p WHERE q.message_id = p.message_id
), stood AS (
  UPDATE public.whatsapp_messages m SET tiebreak = p.tiebreak,
    sent_at = greatest(h.last_message_at, date_trunc('second', %(now)s::timestamptz))
  FROM placed p JOIN public.whatsapp_chats h ON h.id = p.chat_id WHERE m.id = p.message_id
  RETURNING m.id, m.chat_id, m.sent_at, m.tiebreak
), touched AS (
  UPDATE public.whatsapp_chats h
  SET last_message_id = last.id, last_message_at = last.sent_at, last_tiebreak = last.tiebreak, updated_at = now()
  FROM (SELECT DISTINCT ON (chat_id) * FROM stood ORDER BY chat_id, tiebreak DESC) last WHERE h.id = last.chat_id
)
SELECT DISTINCT instance_id FROM due
"""
_EXPIRE: Final = """
WITH due AS MATERIALIZED (
  SELECT m.id FROM public.whatsapp_messages m
  WHERE m.id IN (SELECT q.message_id FROM recado.send_queue q
    WHERE q.expires_at <= %(now)s AND q.tried_at IS NULL AND q.instance_id = ANY (%(ids)s))
  ORDER BY m.id FOR NO KEY UPDATE OF m
), gone AS (
  DELETE FROM recado.send_queue q USING due WHERE q.message_id = due.id AND q.tried_at IS NULL RETURNING q.message_id
), moved AS (
  UPDATE public.whatsapp_messages m
  SET status = 'failed', status_at = %(now)s, error_code = %(code)s, error_detail = %(detail)s
  FROM gone WHERE m.id = gone.message_id AND m.status IN ('queued', 'sending')
), step AS (
  INSERT INTO public.whatsapp_message_status (message_id, status, at) SELECT message_id, 'failed', %(now)s FROM gone
  ON CONFLICT DO NOTHING
)
SELECT message_id FROM gone
"""
_CANCEL: Final = """
WITH due AS MATERIALIZED (
  SELECT id FROM public.whatsapp_messages WHERE id = %(id)s FOR NO KEY UPDATE
), gone AS (
  DELETE FROM recado.send_queue q USING due WHERE q.message_id = due.id AND q.tried_at IS NULL RETURNING q.message_id
), moved AS (
  UPDATE public.whatsapp_messages m SET status = 'cancelled', status_at = %(now)s
  FROM gone WHERE m.id = gone.message_id AND m.status IN ('queued', 'sending')
), step AS (
  INSERT INTO public.whatsapp_message_status (message_id, status, at) SELECT message_id, 'cancelled', %(now)s FROM gone
)
SELECT message_id FROM gone
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """`instances` of which something is due, and when the next thing is (None: nothing waits for a time)."""

    instances: list[UUID]
    next_at: datetime | None


async def due(tx: Tx, now: datetime) -> Due:
    """What time has brought about."""
    row = await (await tx.execute(_DUE, {"now": now})).fetchone()
    assert row is not None
    return Due(instances=row[0], next_at=row[1])


async def begin(tx: Tx, instance_ids: list[UUID], now: datetime) -> set[UUID]:
    """Let what is due into the line, behind what is there; the instances that it was of. The caller holds the locks."""
    cursor = await tx.execute(_BEGIN, {"ids": instance_ids, "now": now})
    return {id for (id,) in await cursor.fetchall()}


async def expire(tx: Tx, instance_ids: list[UUID], now: datetime) -> list[UUID]:
    """Give up what has lost its sense and was certainly never sent; the messages' ids. The caller holds the locks."""
    values = {"ids": instance_ids, "now": now, "code": EXPIRED, "detail": FAILURES[EXPIRED].meaning}
    return [id for (id,) in await (await tx.execute(_EXPIRE, values)).fetchall()]


async def cancel(tx: Tx, message_id: UUID, now: datetime) -> bool:
    """Take it out of the queue, if it is there and was certainly not sent. The caller holds the instance's lock."""
    return await (await tx.execute(_CANCEL, {"id": message_id, "now": now})).fetchone() is not None
