"""Reading chats: as WhatsApp lists them, and one by one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from recado.domain.errors import NotFound
from recado.domain.instances import Instance
from recado.domain.overviews import ChatOverview, Unread
from recado.domain.page import Page
from recado.services.reading import marks
from recado.services.reading.marks import Marks
from recado.store import chat_lists
from recado.store.database import Database


class Chats:
    """An id of a chat that was merged answers with what it was merged into."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self,
        instance: Instance,
        *,
        is_archived: bool | None = None,
        is_unread: bool | None = None,
        kind: str | None = None,
        search: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> tuple[Page[ChatOverview], Unread]:
        """The pinned ones, then the last used first; and what is unread in all. Raises Invalid (no such cursor)."""
        places = Marks("chats", instance.id)
        place = places.read(after, marks.truth, marks.maybe(marks.time), marks.whole, marks.id)
        async with self._database.transaction() as tx:
            found = await chat_lists.listed(
                tx,
                instance.id,
                is_archived=is_archived,
                is_unread=is_unread,
                kind=kind,
                search=(search or "").strip() or None,
                after=place,
                limit=limit + 1,
            )
            unread = await chat_lists.unread(tx, instance.id)
        items = found[:limit]
        cursor = places.at(*place_of(items[-1])) if len(found) > limit else None
        return Page(items=items, next=cursor), unread

    async def get(self, instance: Instance, id: UUID) -> ChatOverview:
        """One chat. Raises NotFound."""
        async with self._database.transaction() as tx:
            found = await chat_lists.get(tx, instance.id, id)
        if found is None:
            raise unknown_chat(instance, id)
        return found


def place_of(row: ChatOverview) -> tuple[bool, datetime | None, int, UUID]:
    return row.chat.pinned_at is not None, row.chat.last_message_at, row.tiebreak, row.chat.id


def unknown_chat(instance: Instance, id: UUID) -> NotFound:
    detail = f"{instance.instance_name} has no chat {id}."
    return NotFound("unknown_chat", detail, hint="The list of its chats has those that there are.")
