"""The names of instances, remembered for a few seconds so that receiving need not ask for them each time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from recado.clock import Clock
from recado.store import activity
from recado.store.database import Database, Tx

_KEEP: Final = timedelta(seconds=5)


class Names:
    """Of the instances that there are; one that was removed may be remembered until it is forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[UUID, tuple[str, datetime]] = {}

    async def of(self, tx: Tx, ids: Collection[UUID]) -> dict[UUID, str]:
        missing = self._missing(ids)
        if missing:
            self._keep(await activity.names(tx, missing))
        return self._remembered(ids)

    async def ahead(self, database: Database, ids: Collection[UUID]) -> dict[UUID, str]:
        """The same before a transaction. Raises Unavailable."""
        missing = self._missing(ids)
        if missing:
            async with database.glance() as tx:
                self._keep(await activity.names(tx, missing))
        return self._remembered(ids)

    def forget(self, ids: Iterable[UUID]) -> None:
        for id in ids:
            self._kept.pop(id, None)

    def _missing(self, ids: Iterable[UUID]) -> list[UUID]:
        now = self._clock.now()
        missing = [id for id in ids if id not in self._kept or self._kept[id][1] <= now]
        self.forget(missing)
        return missing

    def _keep(self, names: dict[UUID, str]) -> None:
        until = self._clock.now() + _KEEP
        self._kept |= {id: (name, until) for id, name in names.items()}

    def _remembered(self, ids: Iterable[UUID]) -> dict[UUID, str]:
        return {id: self._kept[id][0] for id in ids if id in self._kept}
