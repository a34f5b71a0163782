"""Chats, people and found messages of every instance that somebody may see, as one list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar
from uuid import UUID

from recado.domain.access import Access
from recado.domain.errors import NotFound
from recado.domain.instances import Instance
from recado.domain.overviews import ChatOverview, Person, Unread
from recado.domain.page import Page
from recado.services.reading import marks
from recado.services.reading.chats import place_of
from recado.services.reading.marks import Marks
from recado.services.reading.messages import Hit, Messages
from recado.store import chat_lists, contact_lists, instances
from recado.store.database import Database, Tx

T = TypeVar("T")
AT_ONCE: Final = 500
"""Chats that are looked up by their ids together, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Generic[T]):
    """A page of things of several instances, and those instances."""

    page: Page[T]
    instances: Mapping[UUID, Instance]


class Inbox:
    """`instance` None means all that the access sees. Two or three statements a page, whatever there is."""

    def __init__(self, database: Database, messages: Messages) -> None:
        self._database = database
        self._messages = messages

    async def chats(
        self,
        access: Access,
        instance: Instance | None = None,
        *,
        is_archived: bool | None = None,
        is_unread: bool | None = None,
        kind: str | None = None,
        search: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Listed[ChatOverview]:
        """The pinned ones, then the last used first. Raises Invalid (no such cursor)."""
        only = _only(access, instance)
        places = Marks("inbox", only or "")
        place = places.read(after, marks.truth, marks.maybe(marks.time), marks.whole, marks.id)
        async with self._database.transaction() as tx:
            found = await chat_lists.listed(
                tx,
                only,
                is_archived=is_archived,
                is_unread=is_unread,
                kind=kind,
                search=_said(search),
                after=place,
                limit=limit + 1,
            )
            shown = found[:limit]
            owners = await _instances(tx, (one.chat.instance_id for one in shown))
        cursor = places.at(*place_of(shown[-1])) if len(found) > limit else None
        return Listed(page=Page(items=shown, next=cursor), instances=owners)

    async def unread(self, access: Access, instance: Instance | None = None) -> Unread:
        """What nobody has read yet, in all chats."""
        async with self._database.glance() as tx:
            return await chat_lists.unread(tx, _only(access, instance))

    async def some(
        self, access: Access, ids: Collection[UUID], contact_ids: Collection[UUID] = ()
    ) -> Listed[ChatOverview]:
        """Those of these chats, and of those with these people, that there are and that may be seen, in no order."""
        async with self._database.transaction() as tx:
            found = await chat_lists.some(tx, list(ids)[:AT_ONCE], list(contact_ids)[:AT_ONCE])
            shown = [one for one in found if access.sees(one.chat.instance_id)]
            owners = await _instances(tx, (one.chat.instance_id for one in shown))
        return Listed(page=Page(items=shown), instances=owners)

    async def people(
        self,
        access: Access,
        instance: Instance | None = None,
        *,
        has_chat: bool | None = None,
        search: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Listed[Person]:
        """By name, whoever has none last. Raises Invalid (no such cursor)."""
        only = _only(access, instance)
        places = Marks("inbox people", only or "")
        place = places.read(after, marks.maybe(marks.words), marks.id)
        async with self._database.transaction() as tx:
            found = await contact_lists.listed(
                tx,
                only,
                is_saved=None,
                has_chat=has_chat,
                search=_said(search),
                after=(place[0], place[1]) if place else None,
                limit=limit + 1,
            )
            people = [person for _, person in found[:limit]]
            owners = await _instances(tx, (one.contact.instance_id for one in people))
        cursor = places.at(found[limit - 1][0], people[-1].contact.id) if len(found) > limit else None
        return Listed(page=Page(items=people, next=cursor), instances=owners)

    async def search(
        self,
        access: Access,
        text: str,
        instance: Instance | None = None,
        *,
        chat_id: UUID | None = None,
        after: str | None = None,
        limit: int = 30,
    ) -> Listed[Hit]:
        """Messages with all the words, the newest first. Raises NotFound (no such chat), Invalid."""
        if access.instance_id is not None:
            instance = await self._own(access.instance_id)
        found = await self._messages.search(instance, text, chat_id=chat_id, after=after, limit=limit)
        async with self._database.transaction() as tx:
            owners = await _instances(tx, (hit.message.instance_id for hit in found.items))
        return Listed(page=found, instances=owners)

    async def choices(self, access: Access, *, limit: int) -> list[Instance]:
        """The instances whose chats can be seen, by name: for a filter."""
        async with self._database.glance() as tx:
            return await instances.page(tx, only=access.instance_id, search="", after=None, limit=limit)

    async def instance(self, access: Access, id: UUID) -> Instance | None:
        """One of them; None when there is none to be seen."""
        if not access.sees(id):
            return None
        async with self._database.glance() as tx:
            return await instances.get(tx, id)

    async def whose_chat(self, access: Access, chat_id: UUID) -> Instance:
        """The instance that the chat is of. Raises NotFound when there is none to be seen."""
        async with self._database.glance() as tx:
            return _seen(access, await instances.of_chat(tx, chat_id), "unknown_chat", "There is no such chat.")

    async def whose_contact(self, access: Access, contact_id: UUID) -> Instance:
        """The instance that knows the person. Raises NotFound when there is none to be seen."""
        async with self._database.glance() as tx:
            found = await instances.of_contact(tx, contact_id)
        return _seen(access, found, "unknown_contact", "There is no such contact.")

    async def _own(self, instance_id: UUID) -> Instance:
        async with self._database.glance() as tx:
            found = await instances.get(tx, instance_id)
        if found is None:
            raise NotFound("unknown_instance", "The instance of this key is gone.")
        return found


def _only(access: Access, instance: Instance | None) -> UUID | None:
    """The one place that keeps lists of several instances to those that the access sees."""
    if access.instance_id is not None:
        return access.instance_id
    return instance.id if instance is not None else None


def _seen(access: Access, found: Instance | None, code: str, sentence: str) -> Instance:
    if found is None or not access.sees(found.id):
        raise NotFound(code, sentence)
    return found


def _said(search: str | None) -> str | None:
    return (search or "").strip() or None


async def _instances(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, Instance]:
    wanted = set(ids)
    return {one.id: one for one in await instances.get_all(tx, wanted)} if wanted else {}
