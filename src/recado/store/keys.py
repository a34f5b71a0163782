"""API keys and stream tickets, both only as hashes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from recado.domain.keys import Key, ListedKey

from .database import Tx
from .rows import execute, fetch_all, fetch_one, fetch_value

_USED_EVERY = timedelta(minutes=1)


async def insert(
    tx: Tx,
    *,
    id: UUID,
    name: str,
    hash: bytes,
    scopes: Collection[str],
    instance_id: UUID | None,
    expires_at: datetime | None,
    now: datetime,
) -> None:
    await execute(
        tx,
        """
        INSERT INTO recado.api_keys (id, name, hash, scopes, instance_id, created_at, expires_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        (id, name, hash, sorted(scopes), instance_id, now, expires_at),
    )


async def find(tx: Tx, id: UUID) -> Key | None:
    return await fetch_one(
        tx,
        Key,
        """
        SELECT id, name, scopes, instance_id, created_at, expires_at, revoked_at, last_used_at
        FROM recado.api_keys WHERE id = %s
        """,
        (id,),
    )


async def find_by_hash(tx: Tx, hash: bytes) -> Key | None:
    return await fetch_one(
        tx,
        Key,
        """
        SELECT id, name, scopes, instance_id, created_at, expires_at, revoked_at, last_used_at
        FROM recado.api_keys WHERE hash = %s
        """,
        (hash,),
    )


async def of(
    tx: Tx, instance_id: UUID | None, *, after: UUID | None = None, limit: int | None = None
) -> list[ListedKey]:
    """Those that are not revoked, of one instance or of all; the oldest first, `limit` None: all of them."""
    return await fetch_all(
        tx,
        ListedKey,
        """
        SELECT k.id, k.name, k.scopes, k.instance_id, k.created_at, k.expires_at, k.revoked_at, k.last_used_at,
          i.instance_name
        FROM recado.api_keys k LEFT JOIN public.whatsapp_instances i ON i.id = k.instance_id
        WHERE k.revoked_at IS NULL AND (%(instance_id)s::uuid IS NULL OR k.instance_id = %(instance_id)s)
          AND (%(after)s::uuid IS NULL OR k.id > %(after)s)
        ORDER BY k.id LIMIT %(limit)s
        """,
        {"instance_id": instance_id, "after": after, "limit": limit},
    )


async def note_use(tx: Tx, id: UUID, *, now: datetime) -> None:
    """Write down that it was used, at most once a minute."""
    await execute(
        tx,
        """
        UPDATE recado.api_keys SET last_used_at = %s
        WHERE id = %s AND (last_used_at IS NULL OR last_used_at < %s)
        """,
        (now, id, now - _USED_EVERY),
    )


async def revoke(tx: Tx, id: UUID, *, now: datetime) -> None:
    await execute(tx, "UPDATE recado.api_keys SET revoked_at = %s WHERE id = %s AND revoked_at IS NULL", (now, id))


async def revoke_named(tx: Tx, name: str, *, but: bytes, now: datetime) -> None:
    """Revoke all keys of that name except the one with this hash."""
    await execute(
        tx,
        "UPDATE recado.api_keys SET revoked_at = %s WHERE name = %s AND hash <> %s AND revoked_at IS NULL",
        (now, name, but),
    )


async def restore(tx: Tx, hash: bytes, *, name: str, scopes: Collection[str]) -> bool:
    """Make the key of this hash valid again under that name; False when there is none."""
    touched = await execute(
        tx,
        """
        UPDATE recado.api_keys
        SET name = %s, scopes = %s, instance_id = NULL, expires_at = NULL, revoked_at = NULL WHERE hash = %s
        """,
        (name, sorted(scopes), hash),
    )
    return touched == 1


async def lock(tx: Tx) -> None:
    """Let only one process at a time look after the first key."""
    await tx.execute("SELECT pg_advisory_xact_lock(5927105)")


async def has_admin(tx: Tx, *, now: datetime) -> bool:
    """Whether some key can still do everything."""
    return await oldest_admin(tx, now=now) is not None


async def oldest_admin(tx: Tx, *, now: datetime) -> UUID | None:
    """The first key that can still do everything."""
    query = """
        SELECT id FROM recado.api_keys
        WHERE 'admin' = ANY (scopes) AND instance_id IS NULL
          AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %s)
        ORDER BY id LIMIT 1
        """
    found: UUID | None = await fetch_value(tx, query, (now,))
    return found


async def is_last_admin(tx: Tx, id: UUID, *, now: datetime) -> bool:
    """Whether this key can do everything, and no other one can."""
    query = """
        SELECT count(*) = 1 AND bool_and(id = %s) FROM (
          SELECT id FROM recado.api_keys
          WHERE 'admin' = ANY (scopes) AND instance_id IS NULL
            AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %s)
          LIMIT 2) AS admins
        """
    return bool(await fetch_value(tx, query, (id, now)))


async def add_ticket(tx: Tx, hash: bytes, key_id: UUID, *, expires_at: datetime, now: datetime) -> None:
    """A new ticket; those that ran out go."""
    await execute(tx, "DELETE FROM recado.tickets WHERE expires_at <= %s", (now,))
    await execute(
        tx, "INSERT INTO recado.tickets (hash, key_id, expires_at) VALUES (%s, %s, %s)", (hash, key_id, expires_at)
    )


async def take_ticket(tx: Tx, hash: bytes, *, now: datetime) -> UUID | None:
    """Use it up: the key that it stands for, None when there is no such ticket or it ran out."""
    query = "DELETE FROM recado.tickets WHERE hash = %s RETURNING CASE WHEN expires_at > %s THEN key_id END"
    key_id: UUID | None = await fetch_value(tx, query, (hash, now))
    return key_id
