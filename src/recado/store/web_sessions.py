"""Who is signed in to the pages, and the links that sign in once; both only as hashes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from recado.domain.web import WebSession

from .database import Tx
from .rows import execute, fetch_one, fetch_value


async def add(tx: Tx, hash: bytes, session: WebSession) -> None:
    """A new session; those that ran out go."""
    await execute(tx, "DELETE FROM recado.web_sessions WHERE expires_at <= %s", (session.created_at,))
    await execute(
        tx,
        "INSERT INTO recado.web_sessions (hash, key_id, created_at, expires_at) VALUES (%s, %s, %s, %s)",
        (hash, session.key_id, session.created_at, session.expires_at),
    )


async def find(tx: Tx, hash: bytes) -> WebSession | None:
    """Also one that has run out."""
    query = "SELECT key_id, created_at, expires_at FROM recado.web_sessions WHERE hash = %s"
    return await fetch_one(tx, WebSession, query, (hash,))


async def extend(tx: Tx, hash: bytes, expires_at: datetime) -> None:
    await execute(tx, "UPDATE recado.web_sessions SET expires_at = %s WHERE hash = %s", (expires_at, hash))


async def remove(tx: Tx, hash: bytes) -> None:
    await execute(tx, "DELETE FROM recado.web_sessions WHERE hash = %s", (hash,))


async def add_link(tx: Tx, hash: bytes, key_id: UUID, *, expires_at: datetime, now: datetime) -> None:
    """A new link; those that ran out go."""
    await execute(tx, "DELETE FROM recado.web_links WHERE expires_at <= %s", (now,))
    query = "INSERT INTO recado.web_links (hash, key_id, expires_at) VALUES (%s, %s, %s)"
    await execute(tx, query, (hash, key_id, expires_at))


async def take_link(tx: Tx, hash: bytes, *, now: datetime) -> UUID | None:
    """Use it up: the key that it stands for; None when there is no such link or it ran out."""
    query = "DELETE FROM recado.web_links WHERE hash = %s RETURNING CASE WHEN expires_at > %s THEN key_id END"
    key_id: UUID | None = await fetch_value(tx, query, (hash, now))
    return key_id
