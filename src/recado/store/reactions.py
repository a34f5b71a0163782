"""Reactions to messages: of each person the last one, unless it was taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from recado.domain.messages import Message, Reaction

from .contacts import contact_of
from .database import Tx
from .recordset import recordset

_OF_MESSAGES: Final = """
SELECT DISTINCT ON (t.id, r.from_me, r.sender_id) t.id, r.details->>'reaction', r.from_me, r.sent_at,
  s.id, s.instance_id, s.phone_number, s.lid, s.name, s.push_name, s.business_name
FROM json_to_recordset(%s::json) AS t (id uuid, chat_id uuid, wa_id text)
JOIN public.whatsapp_messages r
  ON r.chat_id = t.chat_id AND r.target_wa_id = t.wa_id AND r.kind = 'reactionMessage'
LEFT JOIN public.whatsapp_contacts s ON s.id = r.sender_id
ORDER BY t.id, r.from_me, r.sender_id, r.sent_at DESC, r.tiebreak DESC
"""


async def with_reactions(tx: Tx, messages: Sequence[Message]) -> list[Message]:
    """The same messages, each with what people think of it, the first to do so first."""
    found = await _of(tx, messages) if messages else {}
    return [replace(one, reactions=tuple(found.get(one.id, ()))) for one in messages]


async def _of(tx: Tx, messages: Iterable[Message]) -> dict[UUID, list[Reaction]]:
    rows = recordset({"id": one.id, "chat_id": one.chat.id, "wa_id": one.wa_id} for one in messages)
    cursor = await tx.execute(_OF_MESSAGES, [rows])
    found: dict[UUID, list[Reaction]] = defaultdict(list)
    for id, emoji, from_me, at, *person in await cursor.fetchall():
        sender = contact_of(person) if not from_me and person[0] is not None else None
        if emoji:
            found[id].append(Reaction(emoji=emoji, sender=sender, at=at, from_me=from_me))
    for reactions in found.values():
        reactions.sort(key=lambda reaction: reaction.at)
    return found
