"""Numbered migrations: each file is one transaction, all of them under one advisory lock."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from importlib import resources
from typing import Final

from .database import Database, Tx
from .rows import fetch_value, fetch_values

_MAKES: Final = re.compile(r"^CREATE TABLE (public\.\w+)", re.MULTILINE)
_LOCK = "SELECT pg_advisory_xact_lock(5927101)"
_BOOKS = """\
CREATE SCHEMA IF NOT EXISTS recado;
CREATE TABLE IF NOT EXISTS recado.migrations (
  name text PRIMARY KEY,
  applied_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE recado.migrations ENABLE ROW LEVEL SECURITY;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A file of `store/migrations/`; its name without `.sql` says number and purpose."""

    name: str
    text: str


def migrations() -> list[Migration]:
    """All of them, in order."""
    files = (file for file in resources.files(f"{__package__}.migrations").iterdir() if file.name.endswith(".sql"))
    return sorted(
        (Migration(name=file.name.removesuffix(".sql"), text=file.read_text("utf-8")) for file in files),
        key=lambda migration: migration.name,
    )


async def upgrade(database: Database) -> list[str]:
    """Apply what is pending; the names of what was. Two at once do no harm."""
    return [migration.name for migration in migrations() if await _apply(database, migration)]


async def pending(tx: Tx) -> list[str]:
    """The names of the migrations that this database has not had yet."""
    if await fetch_value(tx, "SELECT to_regclass('recado.migrations')") is None:
        return [migration.name for migration in migrations()]
    applied = set(await fetch_values(tx, "SELECT name FROM recado.migrations"))
    return [migration.name for migration in migrations() if migration.name not in applied]


def new_tables(names: Collection[str]) -> list[str]:
    """The tables of `public` that those migrations make: nobody may have one of that name before."""
    return [table for each in migrations() if each.name in names for table in _MAKES.findall(each.text)]


def sql() -> str:
    """All of it as a script for an SQL editor, the books included."""
    entry = "INSERT INTO recado.migrations (name) VALUES"
    return "\n".join(f"BEGIN;\n{_BOOKS}\n{each.text}\n{entry} ('{each.name}');\nCOMMIT;\n" for each in migrations())


async def _apply(database: Database, migration: Migration) -> bool:
    async with database.transaction() as tx:
        await tx.execute("SET LOCAL lock_timeout = 0")  # another process may have all of them to apply
        await tx.execute(_LOCK)
        if migration.name not in await pending(tx):
            return False
        await tx.execute(_BOOKS.encode(), prepare=False)
        await tx.execute(migration.text.encode(), prepare=False)
        await tx.execute("INSERT INTO recado.migrations (name) VALUES (%s)", (migration.name,))
        return True
