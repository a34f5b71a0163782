"""Reading people: by name, and one by one."""

from __future__ import annotations

from uuid import UUID

from recado.domain.errors import NotFound
from recado.domain.instances import Instance
from recado.domain.overviews import Person
from recado.domain.page import Page
from recado.services.reading import marks
from recado.services.reading.marks import Marks
from recado.store import contact_lists
from recado.store.database import Database


class Contacts:
    """An id of somebody who was merged answers with whom they were merged into."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self,
        instance: Instance,
        *,
        is_saved: bool | None = None,
        search: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Person]:
        """By name, whoever has none last. Raises Invalid (no such cursor)."""
        places = Marks("contacts", instance.id)
        place = places.read(after, marks.maybe(marks.words), marks.id)
        async with self._database.transaction() as tx:
            found = await contact_lists.listed(
                tx,
                instance.id,
                is_saved=is_saved,
                search=(search or "").strip() or None,
                after=(place[0], place[1]) if place else None,
                limit=limit + 1,
            )
        people = [person for _, person in found[:limit]]
        cursor = places.at(found[limit - 1][0], people[-1].contact.id) if len(found) > limit else None
        return Page(items=people, next=cursor)

    async def get(self, instance: Instance, id: UUID) -> Person:
        """One person. Raises NotFound."""
        async with self._database.transaction() as tx:
            person = await contact_lists.get(tx, instance.id, id)
        if person is None:
            raise NotFound("unknown_contact", f"{instance.instance_name} has no contact {id}.")
        return person
