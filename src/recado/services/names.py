"""The names of instances, remembered for a few seconds so that receiving need not ask for them each time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from recado.clock import Clock
from recado.store import activity
from recado.store.database import Tx

_KEEP: Final = timedelta(seconds=5)


class Names:
    """`of` answers for the instances that there are; one that was removed may be remembered until it is forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[UUID, tuple[str, datetime]] = {}

    async def of(self, tx: Tx, ids: Iterable[UUID]) -> dict[UUID, str]:
        now = self._clock.now()
        found = {id: self._kept[id] for id in ids if id in self._kept and self._kept[id][1] > now}
        missing = [id for id in ids if id not in found]
        if missing:
            fresh = {id: (name, now + _KEEP) for id, name in (await activity.names(tx, missing)).items()}
            self._kept |= fresh
            found |= fresh
        return {id: name for id, (name, _) in found.items()}

    def forget(self, ids: Iterable[UUID]) -> None:
        for id in ids:
            self._kept.pop(id, None)
