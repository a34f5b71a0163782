"""Groups as people ask for them."""

from __future__ import annotations

from uuid import UUID

from recado.domain.errors import NotFound
from recado.domain.groups import GroupView
from recado.domain.instances import Instance
from recado.domain.page import Page
from recado.services.reading import marks
from recado.services.reading.marks import Marks
from recado.store import groups as store
from recado.store.database import Database


class Groups:
    """Reads what `GroupReader` has written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, instance: Instance, *, after: str | None = None, limit: int = 50) -> Page[GroupView]:
        """All groups, those that this number has left too. Raises Invalid (no such cursor)."""
        places = Marks("groups", instance.id)
        place = places.read(after, marks.id)
        async with self._database.transaction() as tx:
            found = await store.list_groups(tx, instance.id, after=place[0] if place else None, limit=limit + 1)
        items = found[:limit]
        return Page(items=items, next=places.at(items[-1].chat.id) if len(found) > limit else None)

    async def get(self, instance: Instance, id: UUID) -> GroupView:
        """One group with its members. Raises NotFound."""
        async with self._database.transaction() as tx:
            group = await store.get_group(tx, instance.id, id)
        if group is None:
            raise NotFound(
                "unknown_group",
                f"{instance.instance_name} has no group {id}.",
                hint="The list of its groups has those that there are.",
            )
        return group
