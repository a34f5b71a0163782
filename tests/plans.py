"""A transaction and a database that keep the plan of every statement, as it was carried out."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any, cast

from recado.store.database import Database, Tx


class Watched:
    """A transaction: `plans` are those of its statements, in their order."""

    def __init__(self, tx: Tx, plans: list[dict[str, Any]]) -> None:
        self._tx = tx
        self.plans = plans

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    async def execute(self, query: str, params: Any = None, **options: Any) -> Any:
        await self.explain(query, params)
        return await self._tx.execute(query, params, **options)

    @contextlib.asynccontextmanager
    async def cursor(self, **options: Any) -> AsyncIterator[Any]:
        async with self._tx.cursor(**options) as cursor:
            yield _Cursor(cursor, self)

    async def explain(self, query: str, params: Any) -> None:
        cursor = await self._tx.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", params, prepare=False)
        [[[plan]]] = await cursor.fetchall()
        self.plans.append(plan["Plan"])


class _Cursor:
    def __init__(self, cursor: Any, watched: Watched) -> None:
        self._cursor = cursor
        self._watched = watched

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    async def execute(self, query: str, params: Any = None) -> Any:
        await self._watched.explain(query, params)
        return await self._cursor.execute(query, params)


class WatchedDatabase:
    """A database whose transactions are watched; only for services that read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.plans: list[dict[str, Any]] = []

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        async with self._database.transaction() as tx:
            yield cast(Tx, Watched(tx, self.plans))

    @contextlib.asynccontextmanager
    async def glance(self) -> AsyncIterator[Tx]:
        async with self._database.glance() as tx:
            yield cast(Tx, Watched(tx, self.plans))

    @property
    def blocks(self) -> int:
        """All that was read, whether it was in memory or not."""
        return sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in self.plans)

    def scanned(self) -> set[str]:
        """The tables that were read from end to end."""
        return {node["Relation Name"] for node in self.nodes() if node["Node Type"] == "Seq Scan"}

    def indexes(self) -> set[str]:
        return {node["Index Name"] for node in self.nodes() if "Index Name" in node}

    def nodes(self) -> list[dict[str, Any]]:
        found, open_ = [], [*self.plans]
        while open_:
            found.append(node := open_.pop())
            open_ += node.get("Plans", [])
        return found
