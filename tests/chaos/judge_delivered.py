"""Judges deliveries: the event log, each webhook's cursor and parked rows, against what its receiver has taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg

from recado.domain.delivery import CHAT_WAITS_AT_MOST
from tests.chaos.hooks import Hook
from tests.chaos.stage import TYPES, Stage

_LOG = """
SELECT position, id::text, type, coalesce(chat_id, instance_id)
FROM recado.event_log WHERE position > %s ORDER BY position
"""
_CURSORS = "SELECT webhook_id, position FROM recado.webhook_cursors"
_PARKED = "SELECT webhook_id, position, state FROM recado.parked_deliveries"
_FIRST_TRY = """
SELECT clock_timestamp() - min(at) FROM recado.delivery_attempts WHERE webhook_id = %s AND position = %s
"""
NOTICED_WITHIN = timedelta(seconds=30)


@dataclass(slots=True, kw_only=True, eq=False)
class _Book:
    """Of one webhook: what it has still to get, how far its takings were checked, the last one taken of each chat."""

    id: UUID
    hook: Hook
    types: tuple[str, ...]
    pending: set[int] = field(default_factory=set)
    checked: int = 0
    last: dict[UUID, int] = field(default_factory=dict)


class Delivered:
    """What a cursor has passed was taken, in order in each chat, with the ids that the log has."""

    def __init__(self, here: Stage) -> None:
        hooks = here.hooks
        self._books = [
            _Book(id=id, hook=hook, types=TYPES.get(hooks.index(hook), ())) for id, hook in here.webhooks.items()
        ]
        self._log: dict[int, tuple[str, UUID | None]] = {}
        self._read_to = 0
        self.overtaken = 0
        """How often a chat went on because an event was parked over its limit."""

    async def look(self, connection: psycopg.AsyncConnection[Any]) -> list[str]:
        """What is wrong now. The database is read first: what a cursor has passed then was taken before."""
        await self._read(connection)
        cursors = dict(await (await connection.execute(_CURSORS)).fetchall())
        parked = await (await connection.execute(_PARKED)).fetchall()
        found = [f"{position} was given up" for _, position, state in parked if state == "dead"]
        for book in self._books:
            aside = {position for id, position, _ in parked if id == book.id}
            passed = {position for position in book.pending if position <= cursors[book.id]} - aside
            book.pending -= passed
            lost = passed - book.hook.ids.keys()
            found += [f"{book.hook.name} will never get {position}" for position in sorted(lost)]
            found += await self._order(connection, book)
        return found

    def missing(self) -> list[str]:
        """What is still to come, as of the last look."""
        return [f"{book.hook.name} has not got {position}" for book in self._books for position in sorted(book.pending)]

    async def _read(self, connection: psycopg.AsyncConnection[Any]) -> None:
        async for position, id, type, key in await connection.execute(_LOG, [self._read_to]):
            self._read_to = position
            self._log[position] = (id, key)
            for book in self._books:
                if not book.types or type in book.types:
                    book.pending.add(position)

    async def _order(self, connection: psycopg.AsyncConnection[Any], book: _Book) -> list[str]:
        """Check what was taken since the last time, up to what the log was read to."""
        found: list[str] = []
        taken = book.hook.taken
        while book.checked < len(taken) and taken[book.checked] in self._log:
            position = taken[book.checked]
            book.checked += 1
            id, key = self._log[position]
            if book.hook.ids[position] != id:
                found.append(f"{book.hook.name}: {position} came as {book.hook.ids[position]} and is {id}")
            if key is None:
                continue
            if position < book.last.get(key, 0) and not await self._was_over_its_limit(connection, book, position):
                found.append(f"{book.hook.name}: {position} came after {book.last[key]} of the same chat")
            book.last[key] = max(position, book.last.get(key, 0))
        return found

    async def _was_over_its_limit(self, connection: psycopg.AsyncConnection[Any], book: _Book, position: int) -> bool:
        """Whether its chat had waited for it as long as a chat has to."""
        [age] = await (await connection.execute(_FIRST_TRY, [book.id, position])).fetchone() or [None]
        is_over = age is not None and age > CHAT_WAITS_AT_MOST - NOTICED_WITHIN
        self.overtaken += is_over
        return is_over
