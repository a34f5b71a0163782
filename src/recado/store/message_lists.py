"""Messages page by page, in both directions: of a chat in its own order, of an instance in the order of writing."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from recado.domain.message_filter import MessageFilter
from recado.domain.messages import Message

from .database import Tx
from .message_rows import SHAPE, message_of

Place = tuple[Any, ...]
"""In a chat (`sent_at`, `tiebreak`, id), in an instance (id,)."""

_WANTED: Final = """
  (%(kinds)s::text[] IS NULL OR m.kind = ANY (%(kinds)s)) AND (%(from_me)s::boolean IS NULL OR m.from_me = %(from_me)s)
  AND (%(since)s::timestamptz IS NULL OR m.sent_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR m.sent_at < %(until)s)
  AND (%(has_asides)s OR m.target_wa_id IS NULL)
"""
_CHAT: Final = f"{SHAPE} WHERE m.chat_id = %(chat_id)s AND {_WANTED}"
_CHAT_KEY: Final = "(m.sent_at, m.tiebreak, m.id)"
_CHAT_PLACE: Final = "(%(sent_at)s::timestamptz, %(tiebreak)s::bigint, %(id)s::uuid)"
_CHAT_NEWEST: Final = "ORDER BY m.sent_at DESC, m.tiebreak DESC, m.id DESC LIMIT %(limit)s"
_CHAT_OLDEST: Final = "ORDER BY m.sent_at, m.tiebreak, m.id LIMIT %(limit)s"
_OF_CHAT: Final = {
    "first": f"{_CHAT} {_CHAT_OLDEST}",
    "last": f"{_CHAT} {_CHAT_NEWEST}",
    "older": f"{_CHAT} AND {_CHAT_KEY} < {_CHAT_PLACE} {_CHAT_NEWEST}",
    "from": f"{_CHAT} AND {_CHAT_KEY} <= {_CHAT_PLACE} {_CHAT_NEWEST}",
    "newer": f"{_CHAT} AND {_CHAT_KEY} > {_CHAT_PLACE} {_CHAT_OLDEST}",
}
_INSTANCE: Final = f"{SHAPE} WHERE m.instance_id = %(instance_id)s AND {_WANTED}"
_OF_INSTANCE: Final = {
    "last": f"{_INSTANCE} ORDER BY m.id DESC LIMIT %(limit)s",
    "older": f"{_INSTANCE} AND m.id < %(id)s::uuid ORDER BY m.id DESC LIMIT %(limit)s",
    "newer": f"{_INSTANCE} AND m.id > %(id)s::uuid ORDER BY m.id LIMIT %(limit)s",
}
EVERYTHING: Final = MessageFilter()


async def of_chat(
    tx: Tx,
    chat_id: UUID,
    wanted: MessageFilter = EVERYTHING,
    *,
    direction: str = "last",
    place: Place | None = None,
    limit: int,
) -> list[Message]:
    """The newest first. `direction` is `last`, `first`, or seen from the place `older`, `from` (it too) or `newer`."""
    sent_at, tiebreak, id = place or (None, None, None)
    where = {"chat_id": chat_id, "sent_at": sent_at, "tiebreak": tiebreak, "id": id}
    return await _read(tx, _OF_CHAT[direction], direction, where, wanted, limit)


async def of_instance(
    tx: Tx,
    instance_id: UUID,
    wanted: MessageFilter = EVERYTHING,
    *,
    direction: str = "last",
    place: Place | None = None,
    limit: int,
) -> list[Message]:
    """The one that was written last first. `direction` is `last`, or seen from the place `older` or `newer`."""
    where = {"instance_id": instance_id, "id": place[0] if place else None}
    return await _read(tx, _OF_INSTANCE[direction], direction, where, wanted, limit)


async def _read(
    tx: Tx, query: str, direction: str, where: dict[str, Any], wanted: MessageFilter, limit: int
) -> list[Message]:
    params = where | {
        "kinds": list(wanted.kinds) if wanted.kinds else None,
        "from_me": wanted.from_me,
        "since": wanted.since,
        "until": wanted.until,
        "has_asides": wanted.has_asides,
        "limit": limit,
    }
    cursor = await tx.execute(query, params)
    found = [message_of(row) for row in await cursor.fetchall()]
    return found[::-1] if direction in ("newer", "first") else found
