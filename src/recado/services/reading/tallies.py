"""What goes on at instances that are shown as a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from recado.domain.access import Access
from recado.domain.instances import Instance
from recado.domain.tallies import Tally
from recado.store import instances, tallies
from recado.store.database import Database


class Tallies:
    """Two statements however many instances are asked about."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, shown: Sequence[Instance], since: datetime) -> Mapping[UUID, Tally]:
        """What is unread, and how many messages there were since then."""
        if not shown:
            return {}
        async with self._database.transaction() as tx:
            return await tallies.of(tx, [instance.id for instance in shown], since)

    async def some(self, access: Access, ids: set[UUID]) -> list[Instance]:
        """Those of these instances that there are and that may be seen, in no order."""
        visible = [id for id in ids if access.sees(id)]
        if not visible:
            return []
        async with self._database.glance() as tx:
            return await instances.get_all(tx, visible)
