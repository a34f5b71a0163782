"""A batch of history, written as a whole: a fixed number of statements, and nothing that anybody has to be told of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from recado.domain.chats import FOREVER, Address, Chat, address_of
from recado.domain.engine import Incoming
from recado.domain.events import NewEvent
from recado.domain.history import tiebreak_of
from recado.domain.identities import News
from recado.domain.ids import dated
from recado.domain.jid import Identity, identity_of
from recado.domain.messages import STUB
from recado.domain.status import status_of_history
from recado.domain.sync import HistoryBatch, HistoryConversation, HistoryMessage
from recado.domain.texts import storable, storable_json

from . import identities, receipts, reception
from .chats import COLUMNS, chat_of
from .database import Tx
from .identities import Places
from .received import Received, names_of, received_of
from .recordset import recordset

# What came live since the phone counted is unread on top of its count.
_NAME_CHATS: Final = """
WITH told AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%(told)s::json) AS t (chat_id uuid, name text, unread integer,
    is_marked_unread boolean, is_archived boolean, pinned_at timestamptz, muted_until timestamptz,
    last_at timestamptz, is_complete boolean, members json)
), met AS MATERIALIZED (
  SELECT h.id, h.instance_id, h.contact_id, t.* FROM told t JOIN public.whatsapp_chats h ON h.id = t.chat_id
  WHERE h.history_at IS NULL
), named AS (
  UPDATE public.whatsapp_contacts c SET name = m.name, updated_at = now()
  FROM met m WHERE c.id = m.contact_id AND c.name IS NULL AND m.name IS NOT NULL
), joined AS (
  INSERT INTO public.whatsapp_group_members (chat_id, contact_id, instance_id, role)
  SELECT m.id, p.contact_id, m.instance_id, p.role
  FROM met m CROSS JOIN LATERAL json_to_recordset(m.members) AS p (contact_id uuid, role text)
  WHERE NOT EXISTS (SELECT FROM public.whatsapp_group_members g WHERE g.chat_id = m.id)
  ON CONFLICT DO NOTHING
), ended AS (
  UPDATE public.whatsapp_chats h SET has_older = false, updated_at = now()
  FROM told t WHERE h.id = t.chat_id AND t.is_complete AND h.has_older AND h.history_at IS NOT NULL
)
UPDATE public.whatsapp_chats h
SET history_at = %(now)s, has_older = NOT m.is_complete, updated_at = now(),
  name = CASE WHEN h.kind = 'person' THEN h.name ELSE coalesce(h.name, m.name) END,
  is_marked_unread = m.is_marked_unread, is_archived = m.is_archived, pinned_at = m.pinned_at,
  muted_until = m.muted_until, last_message_at = coalesce(h.last_message_at, m.last_at),
  unread_count = m.unread + least(h.unread_count, (
    SELECT count(*) FROM public.whatsapp_messages e
    WHERE e.chat_id = h.id AND NOT e.from_me AND NOT e.is_history
      AND (m.last_at IS NULL OR e.sent_at > m.last_at)))
FROM met m WHERE h.id = m.id
"""
_NAMED_SINCE: Final = f"""
SELECT {COLUMNS}
FROM public.whatsapp_chats h LEFT JOIN public.whatsapp_contacts p ON p.id = h.contact_id
WHERE h.instance_id = %s AND h.merged_into IS NULL AND h.history_at >= %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How many messages had not been there, and what was united on the way (for the log)."""

    added: int
    events: list[NewEvent]


async def write(
    tx: Tx, instance_id: UUID, instance_name: str, batch: HistoryBatch, *, new_id: Callable[[], UUID], now: datetime
) -> Written:
    """Write what is not there yet. The caller holds the instance's lock (`identities.locks`)."""
    work = _Work(instance_id, batch)
    places = await identities.settle_places(tx, work.news(), work.addresses(), new_id)
    if batch.conversations:
        await tx.execute(_NAME_CHATS, {"told": recordset(work.chats(places)), "now": now})
    rows = work.rows(places, new_id)
    written = (await reception.write(tx, rows)).written if rows else {}
    own = [(n, instance_id, one.wa_id) for n, one in enumerate(written.values()) if one.from_me]
    early = await receipts.take_early(tx, own) if own else []
    if early:
        await receipts.apply(tx, early)
    united = identities.united_events(places, {instance_id: instance_name}, new_id, now)
    return Written(added=len(written), events=united)


async def named_since(tx: Tx, instance_id: UUID, since: datetime) -> list[Chat]:
    """The chats that history has named for the first time since then."""
    cursor = await tx.execute(_NAMED_SINCE, (instance_id, since))
    return [chat_of(row) for row in await cursor.fetchall()]


class _Work:
    """One batch: who and what it names, and the rows that it becomes once their places are known."""

    def __init__(self, instance_id: UUID, batch: HistoryBatch) -> None:
        self._instance_id = instance_id
        self._batch = batch
        self.messages = [one for one in batch.messages if not one.incoming.is_protocol]
        named = [(one.chat, one.identity) for one in batch.conversations]
        named += [(one.incoming.chat, one.incoming.chat_identity) for one in self.messages]
        self._addresses = {pair: address_of(*pair) for pair in set(named)}

    def addresses(self) -> list[tuple[UUID, Address]]:
        return [(self._instance_id, address) for address in self._addresses.values()]

    def news(self) -> list[News]:
        """Everybody who is named, each once. What stands beside the chats is newer than what messages carry."""
        news = [self._news(identity, None) for identity in self._batch.people if _is_somebody(identity)]
        news += [self._news(identity, name) for identity, name in self._batch.push_names if _is_somebody(identity)]
        said: dict[Identity, str | None] = {who: None for one in self._batch.conversations for who, _ in _members(one)}
        for one in sorted((one.incoming for one in self.messages), key=lambda incoming: incoming.sent_at):
            if not one.is_from_me and _is_somebody(one.sender):
                said[one.sender] = one.push_name or said.get(one.sender)
        return news + [self._news(identity, name, is_old=True) for identity, name in said.items()]

    def chats(self, places: Places) -> Iterable[dict[str, Any]]:
        """What the phone says of each chat; of two conversations that are one chat, the first."""
        told: dict[UUID, dict[str, Any]] = {}
        for one in self._batch.conversations:
            chat = places.chats[self._instance_id, self._addresses[one.chat, one.identity]]
            members = [
                {"contact_id": places.people.ids[self._instance_id, identity], "role": role}
                for identity, role in _members(one)
            ]
            row = told.setdefault(chat.id, _flags(one) | {"chat_id": chat.id, "members": members})
            row["is_complete"] = row["is_complete"] or one.is_complete
        return told.values()

    def rows(self, places: Places, new_id: Callable[[], UUID]) -> list[Received]:
        """The messages as they are to be written."""
        homes = {pair: places.chats[self._instance_id, address] for pair, address in self._addresses.items()}
        names = {pair: names_of(chat, pair[0]) for pair, chat in homes.items()}
        people = {one.incoming.sender for one in self.messages if not one.incoming.is_from_me}
        senders = {who: places.people.contact(self._instance_id, who) for who in people if _is_somebody(who)}
        rows = []
        for one in self.messages:
            incoming = _as_told(one)
            pair = incoming.chat, incoming.chat_identity
            row = received_of(
                incoming,
                id=dated(new_id(), round(incoming.sent_at.timestamp() * 1000)),
                instance_id=self._instance_id,
                chat=homes[pair],
                sender=None if incoming.is_from_me else senders.get(incoming.sender),
                sent_at=incoming.sent_at,
                status=status_of_history(one.status) if incoming.is_from_me else "received",
                place=tiebreak_of(one.place),
                is_edited=one.is_edit,
                jids=names[pair],
            )
            rows.append(row)
        return rows

    def _news(self, identity: Identity, name: str | None, *, is_old: bool = False) -> News:
        push_name = storable(name) if name else None
        return News(instance_id=self._instance_id, identity=identity, push_name=push_name, is_old=is_old)


def _as_told(one: HistoryMessage) -> Incoming:
    """The message; where something else happened than that somebody wrote, what it was."""
    if one.stub is None or one.incoming.raw:
        return one.incoming
    details = {"type": storable(one.stub), "params": storable_json(one.stub_params)}
    return replace(one.incoming, kind=STUB, text=None, details=details, content=None, trouble=None)


def _flags(conversation: HistoryConversation) -> dict[str, Any]:
    return {
        "name": storable(conversation.name) if conversation.name else None,
        "unread": conversation.unread,
        "is_marked_unread": conversation.is_marked_unread,
        "is_archived": conversation.is_archived,
        "pinned_at": conversation.pinned_at,
        "muted_until": "infinity" if conversation.muted_until == FOREVER else conversation.muted_until,
        "last_at": conversation.last_at,
        "is_complete": conversation.is_complete,
    }


def _members(conversation: HistoryConversation) -> list[tuple[Identity, str]]:
    members = [(identity_of(jid), role) for jid, role in conversation.participants]
    return [(identity, role) for identity, role in members if _is_somebody(identity)]


def _is_somebody(identity: Identity) -> bool:
    return bool(identity.phone or identity.lid)
