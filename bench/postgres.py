"""The PostgreSQL of the bench: set up as Recado sets up its own, with databases that are copied for each run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from recado.store import embedded
from recado.store.embedded import Server


class Postgres:
    """One server. Inside `copy` a database is there that is like its template when that was last left."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stack = AsyncExitStack()
        self._server: Server | None = None

    @property
    def pid(self) -> int:
        assert self._server is not None
        return self._server.pid

    async def start(self) -> None:
        self._server = await self._stack.enter_async_context(embedded.serve(self._directory))

    async def stop(self) -> None:
        await self._stack.aclose()

    def url(self, database: str) -> str:
        assert self._server is not None
        return self._server.url.replace("/recado?", f"/{database}?")

    async def make(self, name: str, *, like: str = "template0") -> None:
        """A new database, written to disk before this returns."""
        names = {"name": sql.Identifier(name), "template": sql.Identifier(like)}
        await self._order(sql.SQL("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy").format(**names))
        await self._order(sql.SQL("CHECKPOINT"))

    async def drop(self, name: str) -> None:
        await self._order(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @asynccontextmanager
    async def copy(self, like: str) -> AsyncIterator[str]:
        """The URL of a fresh copy, which is dropped at the end of the block."""
        name = f"{like}_run"
        await self.drop(name)
        await self.make(name, like=like)
        try:
            yield self.url(name)
        finally:
            await self.drop(name)

    async def _order(self, order: sql.SQL | sql.Composed) -> None:
        async with await psycopg.AsyncConnection.connect(self.url("postgres"), autocommit=True) as connection:
            await connection.execute(order)


async def ask(url: str, query: Any, *values: object) -> list[tuple[Any, ...]]:
    """All rows of one query on a connection of its own."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(query, values or None)
        return await cursor.fetchall() if cursor.description else []
