"""A large instance in a database: made by SQL, its indexes built afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final
from uuid import UUID

import psycopg

from recado.store import migrate
from recado.store.database import Database

from .postgres import Postgres

COUNT: Final = 1_000_000
BIG: Final = UUID("00000000-0000-7000-8000-000000000001")
SMALL: Final = UUID("00000000-0000-7000-8000-000000000002")
SCRIPT: Final = Path(__file__).with_name("million.sql")

_TABLE: Final = "public.whatsapp_messages"
_INDEXES: Final = f"""
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index i
WHERE indrelid = '{_TABLE}'::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
"""


def fill(url: str, count: int = COUNT) -> None:
    """Into a database that has every migration and no rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '256MB'")
        indexes = connection.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}".encode())
        connection.execute(SCRIPT.read_text("utf-8").replace(":count", str(count)).encode())
        for _, definition in indexes:
            connection.execute(definition.encode())
        connection.execute(f"VACUUM ANALYZE {_TABLE}")
        connection.execute("ANALYZE")


async def prepare(postgres: Postgres, name: str, count: int) -> str:
    """A new database of that name with so many messages; its URL."""
    await postgres.drop(name)
    await postgres.make(name)
    url = postgres.url(name)
    async with Database.open(url) as database:
        await migrate.upgrade(database)
    await asyncio.to_thread(fill, url, count)
    return url
