"""What is to be read of an instance's app state, and when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from .sync import COLLECTIONS

FULL_AT_MOST_EVERY: Final = timedelta(minutes=1)


class Agenda:
    """Of one instance. `is_busy` while somebody reads for it; `failures` counts the bad reads of each collection."""

    def __init__(self) -> None:
        self.is_busy = False
        self.failures: dict[str, int] = {}
        self._changes: dict[str, datetime] = {}
        self._all: dict[str, datetime] = {}
        self._slot: datetime | None = None

    def ask(self, collection: str, at: datetime, *, is_full: bool = False) -> None:
        """Have it read then, or before when that was asked for already; `is_full`: from the start."""
        wanted = self._all if is_full else self._changes
        if collection in COLLECTIONS:
            wanted[collection] = min(at, wanted.get(collection, at))

    def ask_full_soon(self, collection: str, now: datetime) -> None:
        """Have it read from the start, together with the others of which that is asked: at most one a minute."""
        if self._slot is None or self._slot + FULL_AT_MOST_EVERY <= now:
            self._slot = now
        elif self._slot <= now:
            self._slot += FULL_AT_MOST_EVERY
        self.ask(collection, self._slot, is_full=True)

    def take(self, now: datetime) -> tuple[str, bool] | None:
        """What is due, in the order of the collections: its name, and whether it is to be read from the start."""
        for collection in COLLECTIONS:
            is_full = collection in self._all and self._all[collection] <= now
            if is_full or (collection in self._changes and self._changes[collection] <= now):
                self._changes.pop(collection, None)
                if is_full:
                    del self._all[collection]
                return collection, is_full
        return None

    def is_due(self, now: datetime) -> bool:
        return self.next_at is not None and self.next_at <= now

    @property
    def next_at(self) -> datetime | None:
        """When something is due."""
        return min([*self._changes.values(), *self._all.values()], default=None)
