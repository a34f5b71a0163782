"""Pieces overlap and come in any order, between live messages and before or after numbers meet LIDs: one result."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from recado.domain.engine import Incoming
from recado.domain.jid import Identity
from recado.domain.sync import HistoryBatch, HistoryMessage
from recado.store.database import Database
from tests.stillclock import StillClock
from tests.store.house import GROUP, House, at
from tests.store.past import batch, conversation, message, write

PEOPLE = [Identity(phone=f"55119{n}", lid=f"{n}00@lid") for n in range(1, 4)]
ROWS = """
SELECT coalesce(h.jid, c.lid, c.phone_number), m.wa_id, m.text, m.from_me, s.lid, m.status, m.kind, m.is_history,
  m.edited_at, m.sent_at
FROM public.whatsapp_messages m JOIN public.whatsapp_chats h ON h.id = m.chat_id
LEFT JOIN public.whatsapp_contacts c ON c.id = h.contact_id LEFT JOIN public.whatsapp_contacts s ON s.id = m.sender_id
WHERE m.instance_id = %s ORDER BY 1, m.sent_at, m.tiebreak, m.wa_id
"""
CHATS = """
SELECT coalesce(h.jid, c.lid, c.phone_number), h.kind, h.name, h.has_older, m.wa_id, h.last_message_at
FROM public.whatsapp_chats h LEFT JOIN public.whatsapp_contacts c ON c.id = h.contact_id
LEFT JOIN public.whatsapp_messages m ON m.id = h.last_message_id
WHERE h.instance_id = %s AND h.merged_into IS NULL ORDER BY 1
"""
NAMES = """
SELECT phone_number, lid, name, push_name FROM public.whatsapp_contacts
WHERE instance_id = %s AND merged_into IS NULL ORDER BY 1, 2
"""

Told = HistoryBatch | Incoming


class Untidy:
    """A past and some live messages, told in pieces of which no two have the same part of it."""

    def __init__(self, seed: int, house: House) -> None:
        self._luck = random.Random(seed)
        self._house = house
        self._truth = [self._message(n) for n in range(30)]

    def told(self) -> list[Told]:
        """Pieces that have all of it between them, and live messages of which some are in the pieces too."""
        live = [self._live(n) for n in range(4)]
        parts: list[list[HistoryMessage]] = [[] for _ in range(5)]
        for versions in self._truth:
            for version in versions:
                for part in self._luck.sample(parts, self._luck.choice((1, 2))):
                    part.append(version)
        parts[self._luck.randrange(5)] += [HistoryMessage(incoming=one, place=99) for one in live[:2]]
        pieces = [self._piece(part) for part in parts]
        pieces.append(batch(self._house, people=tuple(PEOPLE)))
        pieces.append(batch(self._house, push_names=tuple((one, f"~{one.phone}") for one in PEOPLE)))
        return [*pieces, *live]

    def _message(self, n: int) -> list[HistoryMessage]:
        """One message in all the versions that the pieces may have of it."""
        who = self._luck.choice(PEOPLE)
        known = self._luck.choice((Identity(phone=who.phone), Identity(lid=who.lid), who))
        fields: dict[str, Any] = {"wa_id": f"3EB0{n:04}", "sent_at": at(-self._luck.randrange(8)), "place": n}
        match self._luck.randrange(4):
            case 0:
                statuses = self._luck.sample(("SERVER_ACK", "DELIVERY_ACK", "READ"), 2)
                return [message(self._house, str(n), is_own=True, to=known, status=one, **fields) for one in statuses]
            case 1:
                return [message(self._house, str(n), who=known, chat=GROUP, **fields)]
            case 2:
                later = {"sent_at": fields["sent_at"] + timedelta(seconds=3)}
                edited = message(self._house, f"{n}!", who=known, is_edit=True, **fields | later)
                return [message(self._house, str(n), who=known, **fields), edited]
            case _:
                return [message(self._house, str(n), who=known, **fields)]

    def _live(self, n: int) -> Incoming:
        who = self._luck.choice(PEOPLE)
        known = self._luck.choice((Identity(phone=who.phone), Identity(lid=who.lid)))
        return self._house.text(f"live {n}", who=known, wa_id=f"3EB1{n:04}", sent_at=at(10 + n))

    def _piece(self, messages: Sequence[HistoryMessage]) -> HistoryBatch:
        chats = {(one.incoming.chat, one.incoming.chat_identity) for one in messages}
        told = [
            conversation(jid, who=who, name="Equipe" if jid == GROUP else None, is_complete=jid == GROUP)
            for jid, who in sorted(chats, key=str)
        ]
        return batch(self._house, *told, *messages)


async def outcome(db: Database, clock: StillClock, seed: int, order: random.Random | None) -> list[list[Any]]:
    """What the tables hold after all of it, told in its own order or another one."""
    house = await House(db, clock, f"loja-{clock.new_id()}").open()
    told = Untidy(seed, house).told()
    if order is not None:
        live = iter([one for one in told if isinstance(one, Incoming)])
        order.shuffle(told)
        told = [next(live) if isinstance(one, Incoming) else one for one in told]  # those come as they were sent
    for one in told:
        await (house.hear(one) if isinstance(one, Incoming) else write(house, one))
    return [await house.rows(query, house.id) for query in (ROWS, CHATS, NAMES)]


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_the_order_the_rows_are_the_same(db: Database, clock: StillClock, seed: int):
    """The seed is the test's parameter."""
    [rows, chats, names] = await outcome(db, clock, seed, None)
    assert len(rows) == 34
    for n in range(3):
        [others, other_chats, other_names] = await outcome(db, clock, seed, random.Random(f"{seed} {n}"))
        assert others == rows
        assert other_chats == chats
        assert other_names == names
