"""The event log for people who look back in it: a page at a time, the newest first, and one event whole."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from recado.domain.access import Access
from recado.domain.errors import NotFound
from recado.domain.events import LoggedEvent
from recado.store import log
from recado.store.database import Database

LOOKS_BACK: Final = 20_000
"""How many events are looked through for a page at most, whatever is asked for."""
LAST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A page of the log, the newest first; `next` is where the one before it ends, None at the log's beginning.

    `looked_to` is the time that was looked back to when fewer were found than a page holds, and more may lie before.
    """

    events: list[LoggedEvent]
    next: int | None
    looked_to: datetime | None = None


class Events:
    """What a key that is bound to an instance sees is that instance's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def before(
        self,
        access: Access,
        position: int | None = None,
        *,
        instance_id: UUID | None = None,
        types: Collection[str] | None = None,
        limit: int = 50,
    ) -> Stretch:
        """The last ones before that position; None: the last ones of all."""
        only = access.instance_id if access.instance_id is not None else instance_id
        async with self._database.transaction() as tx:
            head, oldest = await log.head(tx), await log.oldest(tx)
            end = min(position if position is not None else LAST, head + 1)
            floor = max(end - LOOKS_BACK, oldest)
            found = await log.back(tx, end, floor, limit, instance_id=only, types=types)
            if len(found) == limit and found[-1].position > oldest:
                return Stretch(events=found, next=found[-1].position)
            if floor <= oldest or len(found) == limit:
                return Stretch(events=found, next=None)
            reached = await log.read(tx, floor - 1, 1)
        return Stretch(events=found, next=floor, looked_to=reached[0].time if reached else None)

    async def get(self, access: Access, position: int) -> LoggedEvent:
        """The one at that position. Raises NotFound."""
        event = None
        if 0 < position <= LAST:
            async with self._database.glance() as tx:
                event = await log.find(tx, position)
        is_seen = event is not None and access.instance_id in (None, event.instance_id)
        if event is None or not is_seen:
            raise NotFound("unknown_event", "There is no such event, or the log no longer keeps it.")
        return event
