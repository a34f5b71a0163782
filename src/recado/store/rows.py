"""Answers of the database as values: one row, many rows, or a single value.

The SQL is always a literal; a row becomes the dataclass whose fields are the names of its columns.
"""

from __future__ import annotations

from typing import Any, LiteralString, TypeVar

from psycopg.abc import Params
from psycopg.rows import class_row

from .database import Tx

T = TypeVar("T")


async def fetch_one(tx: Tx, shape: type[T], query: LiteralString, params: Params = ()) -> T | None:
    """The first row as `shape`, None when there is none."""
    async with tx.cursor(row_factory=class_row(shape)) as cursor:
        await cursor.execute(query, params)
        return await cursor.fetchone()


async def fetch_all(tx: Tx, shape: type[T], query: LiteralString, params: Params = ()) -> list[T]:
    """Every row as `shape`."""
    async with tx.cursor(row_factory=class_row(shape)) as cursor:
        await cursor.execute(query, params)
        return await cursor.fetchall()


async def fetch_value(tx: Tx, query: LiteralString, params: Params = ()) -> Any:
    """The first column of the first row, None when there is no row."""
    cursor = await tx.execute(query, params)
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def fetch_values(tx: Tx, query: LiteralString, params: Params = ()) -> list[Any]:
    """The first column of every row."""
    cursor = await tx.execute(query, params)
    return [row[0] for row in await cursor.fetchall()]


async def execute(tx: Tx, query: LiteralString, params: Params = ()) -> int:
    """Do it; the number of rows touched."""
    return (await tx.execute(query, params)).rowcount
