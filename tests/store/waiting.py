"""Waiting for what only the database can tell."""

from __future__ import annotations

import asyncio

from recado.store.database import Database
from recado.store.rows import fetch_value

_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def until_somebody_waits(database: Database) -> None:
    """Return when a connection to this database waits for a lock."""
    async with asyncio.timeout(10):
        while True:
            async with database.transaction() as tx:
                if await fetch_value(tx, _WAITING):
                    return
