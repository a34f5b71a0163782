"""Closing a schema to everybody but its owner, also after others have added tables to it."""

from __future__ import annotations

from .database import Tx
from .rows import execute


async def seal_schema(tx: Tx, schema: str) -> None:
    """Row-level security on every table of it, no rights for anybody else. Again and again does no harm."""
    await execute(tx, "SELECT recado.seal(%s)", (schema,))
