"""Counts of several instances at once: two statements however many there are, each instance up to a limit."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from recado.domain.ids import uuid7
from recado.domain.tallies import Tally

from .database import Tx

MOST_CHATS: Final = 1_000
MOST_MESSAGES: Final = 10_000
_LAST: Final = UUID(int=(1 << 128) - 1)

_UNREAD: Final = """
SELECT i.id, u.chats, u.messages FROM unnest(%(ids)s::uuid[]) AS i (id)
CROSS JOIN LATERAL (
  SELECT count(*) AS chats, coalesce(sum(greatest(unread_count, 1)), 0)::bigint AS messages FROM (
    SELECT h.unread_count FROM public.whatsapp_chats h
    WHERE h.instance_id = i.id AND h.merged_into IS NULL AND (h.unread_count > 0 OR h.is_marked_unread)
    LIMIT %(most)s
  ) found
) u WHERE u.chats > 0
"""
# An id tells the time, that of a message from the past too, so a day is a range of the index by instance and id.
# Two row comparisons and the order leave no other way to choose: after midnight, statistics know of no such id at all,
# and beside an equality the first comparison would not be where the scan begins.
_TODAY: Final = """
SELECT i.id, t.messages FROM unnest(%(ids)s::uuid[]) AS i (id)
CROSS JOIN LATERAL (
  SELECT count(*) AS messages FROM (
    SELECT FROM public.whatsapp_messages m
    WHERE (m.instance_id, m.id) >= (i.id, %(since)s::uuid) AND (m.instance_id, m.id) <= (i.id, %(last)s::uuid)
      AND m.target_wa_id IS NULL
    ORDER BY m.instance_id, m.id LIMIT %(most)s
  ) found
) t WHERE t.messages > 0
"""


async def of(tx: Tx, ids: Collection[UUID], since: datetime) -> dict[UUID, Tally]:
    """What is unread in each, and its messages since then; reactions, edits and the like are none."""
    first = uuid7(int(since.timestamp() * 1000), bytes(10))
    given = {"ids": list(ids), "since": first, "last": _LAST}
    unread = await (await tx.execute(_UNREAD, given | {"most": MOST_CHATS})).fetchall()
    today = await (await tx.execute(_TODAY, given | {"most": MOST_MESSAGES})).fetchall()
    chats = {id: (count, messages) for id, count, messages in unread}
    messages = dict(today)
    return {id: _tally(*chats.get(id, (0, 0)), messages.get(id, 0)) for id in ids}


def _tally(chats: int, unread: int, today: int) -> Tally:
    return Tally(
        unread_chats=chats,
        unread=unread,
        today=today,
        is_unread_cut=chats >= MOST_CHATS,
        is_today_cut=today >= MOST_MESSAGES,
    )
