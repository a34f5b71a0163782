"""Old tables to adopt: each a file of `old_tables/`, in a database of the test's own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from recado.store.database import Database, Tx
from tests.store.catalogue import catalogue

TABLES = {path.stem: path.read_text() for path in sorted(Path(__file__).with_name("old_tables").glob("*.sql"))}
_OTHERS = {
    "policies": "SELECT * FROM pg_policies WHERE schemaname = 'public' ORDER BY tablename, policyname",
    "triggers": """SELECT pg_get_triggerdef(oid), tgenabled, obj_description(oid) FROM pg_trigger
        WHERE NOT tgisinternal ORDER BY 1""",
    "views": """SELECT oid::regclass::text, pg_get_viewdef(oid), reloptions, relacl::text FROM pg_class
        WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace ORDER BY 1""",
    "rights": """SELECT attrelid::regclass::text, attname, attacl::text FROM pg_attribute
        WHERE attacl IS NOT NULL ORDER BY 1, 2""",
    "comments": """SELECT classoid::regclass::text, objsubid, description FROM pg_description
        WHERE objoid > 16383 ORDER BY 1, 2, 3""",
    "instances": "SELECT to_jsonb(i) FROM whatsapp_instances i ORDER BY 1",
}


@contextlib.asynccontextmanager
async def old(url: str, script: str) -> AsyncIterator[Database]:
    """A database in which there is what the script makes."""
    async with Database.open(url) as database:
        async with database.transaction() as tx:
            await tx.execute(script.encode(), prepare=False)
        yield database


async def all_of(database: Database) -> dict[str, list[Any]]:
    """All that there is in `public`, rows of the instances included, for comparison."""
    async with database.transaction() as tx:
        return await catalogue(tx, "public") | {name: await rows(tx, query) for name, query in _OTHERS.items()}


async def rows(tx: Tx, query: str) -> list[Any]:
    """Every row; those of one column as the value itself."""
    found = await (await tx.execute(query.encode())).fetchall()
    return [row[0] if len(row) == 1 else row for row in found]
