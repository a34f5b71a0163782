"""Messages whose place is taken: the same one again, another under the same id, or what history and life say of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from recado.domain.messages import Message
from recado.domain.status import RANK
from recado.domain.union import Copy, is_same_content

from .database import Tx
from .received import Received, content_of
from .recordset import recordset

_HOLDERS = """
SELECT m.id, m.chat_id, m.wa_id, m.sender_id, m.kind, m.text, r.bytes, m.variant, m.status, m.is_history,
  m.edited_at IS NOT NULL, m.sent_at, m.tiebreak
FROM json_to_recordset(%s::json) AS t (chat_id uuid, wa_id text, sender_id uuid)
JOIN public.whatsapp_messages m
  ON m.chat_id = t.chat_id AND m.wa_id = t.wa_id AND m.sender_id IS NOT DISTINCT FROM t.sender_id
LEFT JOIN recado.message_raw r ON r.message_id = m.id
ORDER BY m.variant
"""
_CLAIM = "UPDATE public.whatsapp_messages SET is_history = false WHERE id = ANY(%s)"
_EDIT = """
WITH edit AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%s::json) AS t (id uuid, kind text, text text, quoted_wa_id text,
    quoted_text text, details json, edited_at timestamptz, bytes text, content json, trouble text)
), raw AS (
  UPDATE recado.message_raw r SET bytes = decode(e.bytes, 'base64'), content = e.content::jsonb, trouble = e.trouble
  FROM edit e WHERE r.message_id = e.id
)
UPDATE public.whatsapp_messages m SET kind = e.kind, text = e.text, quoted_wa_id = e.quoted_wa_id,
  quoted_text = e.quoted_text, details = e.details::jsonb, edited_at = e.edited_at
FROM edit e WHERE m.id = e.id
"""
_FORWARD = """
UPDATE public.whatsapp_messages m SET status = n.status, status_at = greatest(m.status_at, n.at)
FROM json_to_recordset(%s::json) AS n (id uuid, status text, at timestamptz) WHERE m.id = n.id
"""
# An edit can come before what it edits: its time is not the message's.
_MOVE = """
UPDATE public.whatsapp_messages m SET sent_at = t.sent_at, status_at = t.sent_at, tiebreak = t.tiebreak
FROM json_to_recordset(%s::json) AS t (id uuid, sent_at timestamptz, tiebreak bigint) WHERE m.id = t.id
"""
_LAST_AGAIN = """
UPDATE public.whatsapp_chats h
SET last_message_id = last.id, last_message_at = last.sent_at, last_tiebreak = last.tiebreak, updated_at = now()
FROM unnest(%s::uuid[]) AS moved (id), LATERAL (
  SELECT m.id, m.sent_at, m.tiebreak FROM public.whatsapp_messages m
  WHERE m.chat_id = (SELECT chat_id FROM public.whatsapp_messages WHERE id = moved.id) AND m.target_wa_id IS NULL
  ORDER BY m.sent_at DESC, m.tiebreak DESC LIMIT 1
) last
WHERE h.last_message_id = moved.id
"""
_ARRIVED: Final = frozenset({"sent", "delivered", "read", "played"})

Key = tuple[UUID, str, UUID | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holder(Copy):
    is_history: bool
    sent_at: datetime
    tiebreak: int

    @property
    def place(self) -> dict[str, Any]:
        return {"id": self.id, "sent_at": self.sent_at, "tiebreak": self.tiebreak}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`variants` have to be written beside those that hold their id. `claimed` are told as live, by their own id."""

    variants: list[Received] = field(default_factory=list)
    claimed: dict[UUID, Message] = field(default_factory=dict)


async def settle(tx: Tx, strays: Sequence[Received]) -> Outcome:
    """Sort out those whose place was taken.

    A live one that says something else than all holders is a variant; one that history has brought before becomes live.
    One of history is always the message that is there: it may bring its edited text, a status further on, or the time
    at which it was sent, when only its edit had been there.
    """
    holders = await _holders(tx, strays)
    outcome = Outcome()
    past = [stray for stray in strays if stray.is_history]
    for stray in strays:
        if not stray.is_history:
            _live(stray, holders[key_of(stray.message)], outcome)
    if outcome.claimed:
        await tx.execute(_CLAIM, [[message.id for message in outcome.claimed.values()]])
    if past:
        await _learn(tx, past, holders)
    return outcome


def key_of(message: Message) -> Key:
    """What a received message is unique by, variants apart."""
    return message.chat.id, message.wa_id, message.sender.id if message.sender else None


def _live(stray: Received, held: list[_Holder], outcome: Outcome) -> None:
    told = next((one for one in held if one.is_history), None)
    if told is not None:
        held[held.index(told)] = replace(told, is_history=False)
        outcome.claimed[stray.message.id] = replace(
            stray.message, id=told.id, sent_at=told.sent_at, tiebreak=told.tiebreak
        )
        return
    copy = _copy(stray, variant=1 + max((one.variant for one in held), default=-1))
    if not any(is_same_content(copy, one) for one in held):
        held.append(copy)
        outcome.variants.append(replace(stray, variant=copy.variant))


async def _learn(tx: Tx, past: Sequence[Received], holders: dict[Key, list[_Holder]]) -> None:
    edits: dict[UUID, dict[str, Any]] = {}
    steps: dict[UUID, dict[str, Any]] = {}
    moves: dict[UUID, dict[str, Any]] = {}
    for one in past:
        held = holders[key_of(one.message)]
        copy = _copy(one, variant=0)
        holder = next((other for other in held if is_same_content(copy, other)), held[0])
        if one.is_edited and not holder.is_edited:
            edits.setdefault(holder.id, {"id": holder.id} | content_of(one))
        place = {"id": holder.id, "sent_at": one.message.sent_at, "tiebreak": one.place}
        if holder.is_edited and holder.is_history and not one.is_edited and place != holder.place:
            moves.setdefault(holder.id, place)
        status = one.message.status
        if status in _ARRIVED and RANK[status] > RANK[steps.get(holder.id, {"status": holder.status})["status"]]:
            steps[holder.id] = {"id": holder.id, "status": status, "at": one.message.sent_at}
    if edits:
        await tx.execute(_EDIT, [recordset(edits.values())])
    if moves:
        await tx.execute(_MOVE, [recordset(moves.values())])
        await tx.execute(_LAST_AGAIN, [list(moves)])
    if steps:
        await tx.execute(_FORWARD, [recordset(steps.values())])


async def _holders(tx: Tx, strays: Sequence[Received]) -> dict[Key, list[_Holder]]:
    keys = {key_of(one.message) for one in strays}
    rows = recordset({"chat_id": chat, "wa_id": wa_id, "sender_id": sender} for chat, wa_id, sender in keys)
    cursor = await tx.execute(_HOLDERS, [rows])
    holders: dict[Key, list[_Holder]] = defaultdict(list)
    for row in await cursor.fetchall():
        id, chat, wa_id, sender, kind, text, raw, variant, status, is_history, is_edited, sent_at, tiebreak = row
        key = (chat, wa_id, sender)
        holders[key].append(
            _Holder(
                id=id,
                key=key,
                kind=kind,
                text=text,
                raw=raw,
                variant=variant,
                status=status,
                is_history=is_history,
                is_edited=is_edited,
                sent_at=sent_at,
                tiebreak=tiebreak,
            )
        )
    return holders


def _copy(one: Received, *, variant: int) -> _Holder:
    message = one.message
    return _Holder(
        id=message.id,
        key=key_of(message),
        kind=message.kind,
        text=message.text,
        raw=one.raw,
        variant=variant,
        status=message.status,
        is_history=one.is_history,
        is_edited=one.is_edited,
        sent_at=message.sent_at,
        tiebreak=message.tiebreak,
    )
