"""Waiting for what only the database can tell."""

from __future__ import annotations

from recado.store.database import Database
from recado.store.rows import fetch_value
from tests.waiting import until

_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def until_somebody_waits(database: Database) -> None:
    """Return when a connection to this database waits for a lock."""

    async def somebody_waits() -> bool:
        async with database.transaction() as tx:
            return await fetch_value(tx, _WAITING) > 0

    await until(somebody_waits)
