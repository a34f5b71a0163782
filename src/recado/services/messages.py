"""Reading: messages, chats and people of an instance, page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from recado.domain.chats import Chat
from recado.domain.contacts import Contact
from recado.domain.errors import NotFound
from recado.domain.instances import Instance
from recado.domain.messages import Message
from recado.domain.page import Page
from recado.services.cursors import from_cursor, to_cursor, wrong_cursor
from recado.store import chats, contacts, messages
from recado.store.database import Database, Tx

T = TypeVar("T")


class Messages:
    """An id of something that was merged answers with what it was merged into."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self, instance: Instance, *, chat_id: UUID | None = None, after: str | None = None, limit: int = 50
    ) -> Page[Message]:
        """The newest first: of a chat in the chat's order, of the whole instance in the order of writing.

        `after` is the cursor of the page before. Raises NotFound (no such chat), Invalid (no such cursor).
        """
        if chat_id is None:
            return await self._of_instance(instance, after, limit)
        before = _read(after, 3, lambda at, n, id: (_time(at), _tiebreak(n), UUID(id)))
        async with self._database.transaction() as tx:
            chat = await chats.get_chat(tx, instance.id, chat_id)
            if chat is None:
                raise _unknown_chat(instance, chat_id)
            found = await messages.of_chat(tx, chat.id, before=before, limit=limit + 1)
        return _page(found, limit, lambda last: to_cursor(last.sent_at, last.tiebreak, last.id))

    async def get(self, instance: Instance, id: str | UUID) -> Message:
        """One message, by our id or by WhatsApp's, with the history of its status. Raises NotFound."""
        async with self._database.transaction() as tx:
            message = await _find(tx, instance, str(id))
            if message is None:
                detail = f"{instance.instance_name} has no message {str(id)!r}."
                raise NotFound("unknown_message", detail, hint="Give its id, or its wa_id.")
            return await messages.with_history(tx, message)

    async def chats(self, instance: Instance, *, after: str | None = None, limit: int = 50) -> Page[Chat]:
        """The last used first. Raises Invalid (no such cursor)."""
        place = _read(after, 2, lambda at, id: (_time(at) if at else None, UUID(id)))
        async with self._database.transaction() as tx:
            found = await chats.list_chats(tx, instance.id, after=place, limit=limit + 1)
        return _page(found, limit, lambda last: to_cursor(last.last_message_at, last.id))

    async def chat(self, instance: Instance, id: UUID) -> Chat:
        """One chat. Raises NotFound."""
        async with self._database.transaction() as tx:
            chat = await chats.get_chat(tx, instance.id, id)
        if chat is None:
            raise _unknown_chat(instance, id)
        return chat

    async def contacts(self, instance: Instance, *, after: str | None = None, limit: int = 50) -> Page[Contact]:
        """Whoever was heard of first comes first. Raises Invalid (no such cursor)."""
        place = _read(after, 1, UUID)
        async with self._database.transaction() as tx:
            found = await contacts.list_contacts(tx, instance.id, after=place, limit=limit + 1)
        return _page(found, limit, lambda last: to_cursor(last.id))

    async def contact(self, instance: Instance, id: UUID) -> Contact:
        """One person. Raises NotFound."""
        async with self._database.transaction() as tx:
            contact = await contacts.get_contact(tx, instance.id, id)
        if contact is None:
            raise NotFound("unknown_contact", f"{instance.instance_name} has no contact {id}.")
        return contact

    async def _of_instance(self, instance: Instance, after: str | None, limit: int) -> Page[Message]:
        before = _read(after, 1, UUID)
        async with self._database.transaction() as tx:
            found = await messages.of_instance(tx, instance.id, before=before, limit=limit + 1)
        return _page(found, limit, lambda last: to_cursor(last.id))


async def _find(tx: Tx, instance: Instance, id: str) -> Message | None:
    try:
        message = await messages.get(tx, instance.id, UUID(id))
    except ValueError:
        message = None
    return message or await messages.get_by_wa_id(tx, instance.id, id)


def _read(cursor: str | None, count: int, read: Callable[..., T]) -> T | None:
    if cursor is None:
        return None
    try:
        return read(*from_cursor(cursor, count))
    except (ValueError, OverflowError) as error:
        raise wrong_cursor() from error


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time


def _tiebreak(text: str) -> int:
    number = int(text)
    if not -(2**63) <= number < 2**63:
        raise ValueError("no tiebreak")
    return number


def _unknown_chat(instance: Instance, id: UUID) -> NotFound:
    detail = f"{instance.instance_name} has no chat {id}."
    return NotFound("unknown_chat", detail, hint="The list of its chats has those that there are.")


def _page(found: Sequence[T], limit: int, cursor: Callable[[T], str]) -> Page[T]:
    """`found` is up to one more than the limit, which tells whether there is a next page."""
    items = list(found[:limit])
    return Page(items=items, next=cursor(items[-1]) if len(found) > limit else None)
