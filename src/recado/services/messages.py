"""Messages, chats and contacts as people read them, a page at a time."""

from __future__ import annotations

import base64
import builtins
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from recado.domain.chats import Chat
from recado.domain.contacts import Contact
from recado.domain.errors import Invalid, NotFound
from recado.domain.instances import Instance
from recado.domain.messages import Message
from recado.domain.page import Page
from recado.store import chats, contacts, messages
from recado.store.database import Database, Tx

T = TypeVar("T")


class Messages:
    """Each list's cursor is the place of its last row, so that nothing is missed or shown twice while rows come in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self, instance: Instance, *, chat_id: UUID | None = None, after: str | None = None, limit: int = 50
    ) -> Page[Message]:
        """The newest first: of a chat in its order, else of the instance as they came in. Raises NotFound, Invalid."""
        async with self._database.transaction() as tx:
            if chat_id is not None:
                return await self._of_chat(tx, instance, chat_id, after, limit)
            found = await messages.of_instance(tx, instance.id, before=_id(after), limit=limit + 1)
        return _page(found, limit, lambda last: str(last.id))

    async def get(self, instance: Instance, id: str) -> Message:
        """By our id or by WhatsApp's, with the history of its status. Raises NotFound."""
        async with self._database.transaction() as tx:
            ours = _uuid(id)
            found = await messages.get(tx, instance.id, ours) if ours is not None else None
            found = found or await messages.get_by_wa_id(tx, instance.id, id)
            if found is None:
                raise NotFound("unknown_message", "There is no such message.", hint="Give its id, or its wa_id.")
            return await messages.with_history(tx, found)

    async def chats(self, instance: Instance, *, after: str | None = None, limit: int = 50) -> Page[Chat]:
        """The last used first."""
        async with self._database.transaction() as tx:
            found = await chats.list_chats(tx, instance.id, after=_chat_place(after), limit=limit + 1)
        return _page(found, limit, lambda last: _cursor(_time(last.last_message_at), last.id))

    async def contacts(self, instance: Instance, *, after: str | None = None, limit: int = 50) -> Page[Contact]:
        """In the order in which they became known."""
        async with self._database.transaction() as tx:
            found = await contacts.list_contacts(tx, instance.id, after=_id(after), limit=limit + 1)
        return _page(found, limit, lambda last: str(last.id))

    async def _of_chat(self, tx: Tx, instance: Instance, chat_id: UUID, after: str | None, limit: int) -> Page[Message]:
        chat = await chats.get_chat(tx, instance.id, chat_id)
        if chat is None:
            raise NotFound("unknown_chat", "There is no such chat.", hint="GET …/chats lists them.")
        found = await messages.of_chat(tx, chat.id, before=_message_place(after), limit=limit + 1)
        return _page(found, limit, lambda last: _cursor(_time(last.sent_at), last.tiebreak, last.id))


def _page(found: builtins.list[T], limit: int, place: Callable[[T], str]) -> Page[T]:
    return Page(items=found[:limit], next=place(found[limit - 1]) if found[limit:] else None)


def _cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode(" ".join(map(str, parts)).encode()).rstrip(b"=").decode()


def _parts(cursor: str) -> builtins.list[str]:
    return base64.urlsafe_b64decode(cursor.encode() + b"==").decode().split(" ")


def _time(at: datetime | None) -> str:
    return at.isoformat() if at is not None else "-"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _id(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    found = _uuid(cursor)
    if found is None:
        raise _wrong_cursor()
    return found


def _chat_place(cursor: str | None) -> tuple[datetime | None, UUID] | None:
    if cursor is None:
        return None
    try:
        at, id = _parts(cursor)
        return (None if at == "-" else _aware(at)), UUID(id)
    except ValueError:
        raise _wrong_cursor() from None


def _message_place(cursor: str | None) -> tuple[datetime, int, UUID] | None:
    if cursor is None:
        return None
    try:
        at, tiebreak, id = _parts(cursor)
        return _aware(at), _bounded(int(tiebreak)), UUID(id)
    except ValueError:
        raise _wrong_cursor() from None


def _aware(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at


def _bounded(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise ValueError("not a tiebreak")
    return number


def _wrong_cursor() -> Invalid:
    return Invalid("wrong_cursor", "`after` is no cursor.", field="after", hint="Use `next` of the page before.")
