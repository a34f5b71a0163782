"""The past of a phone as an engine tells it: builds conversations and messages, writes them in batches."""

from __future__ import annotations

from typing import Any

from recado.domain.jid import Identity
from recado.domain.sync import HistoryBatch, HistoryConversation, HistoryMessage
from recado.store import history, identities, log
from recado.store.history import Written
from tests.store.house import BY_PHONE, PHONE_JID, House

PIECE = "01936000-0000-7000-8000-000000000001"


def conversation(chat: str = PHONE_JID, *, who: Identity = BY_PHONE, **fields: Any) -> HistoryConversation:
    return HistoryConversation(chat=chat, identity=Identity() if chat.endswith("g.us") else who, **fields)


def message(house: House, text: str = "Oi", *, place: int = 1, is_own: bool = False, **fields: Any) -> HistoryMessage:
    """A text of somebody, or your own; `status`, `is_edit` and `stub` are history's, all else is the message's."""
    past = {name: fields.pop(name) for name in ("status", "is_edit", "stub", "stub_params") if name in fields}
    incoming = house.own(text, **fields) if is_own else house.text(text, **fields)
    return HistoryMessage(incoming=incoming, place=place, **past)


def batch(house: House, *told: HistoryConversation | HistoryMessage, **fields: Any) -> HistoryBatch:
    return HistoryBatch(
        session=str(house.id),
        id=PIECE,
        conversations=tuple(one for one in told if isinstance(one, HistoryConversation)),
        messages=tuple(one for one in told if isinstance(one, HistoryMessage)),
        **fields,
    )


async def tell(house: House, *told: HistoryConversation | HistoryMessage, **fields: Any) -> Written:
    """Write one batch, as the intake does."""
    return await write(house, batch(house, *told, **fields))


async def write(house: House, told: HistoryBatch) -> Written:
    async with house.database.transaction(locks=identities.locks([house.id])) as tx:
        written = await history.write(tx, house.id, house.name, told, new_id=house.clock.new_id, now=house.clock.now())
        await log.append(tx, written.events)
    return written
