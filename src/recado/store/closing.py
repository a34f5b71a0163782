"""Closing a schema to everyone but its owner, again after every change that others make to it."""

from __future__ import annotations

from .database import Tx


async def seal_schema(tx: Tx, name: str) -> None:
    """Row-level security on every table in it, and nothing in it for PUBLIC or Supabase's API roles."""
    await tx.execute("SELECT recado.seal(%s)", (name,))
