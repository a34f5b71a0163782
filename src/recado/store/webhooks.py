"""Webhooks and their secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from recado.domain.webhooks import Source, State, Target, Webhook

from .database import Tx
from .rows import execute, fetch_all, fetch_one

_SHAPE: LiteralString = """
SELECT w.id, w.instance_id, i.instance_name, w.source, w.url, w.events, w.headers, w.state, w.state_reason, c.position,
  p.waiting, p.dead, c.failing_since, w.created_at, w.updated_at
FROM recado.webhooks w JOIN recado.webhook_cursors c ON c.webhook_id = w.id
LEFT JOIN public.whatsapp_instances i ON i.id = w.instance_id
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE state <> 'dead') AS waiting, count(*) FILTER (WHERE state = 'dead') AS dead
  FROM recado.parked_deliveries WHERE webhook_id = w.id
) AS p
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """An active webhook and when it was last changed: enough to know whether what runs is still right."""

    id: UUID
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Misaligned:
    """An instance whose `webhook_url` and webhook differ. One of the two URLs may be None."""

    instance_id: UUID
    wanted_url: str | None
    webhook_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    url: str
    headers: dict[str, str]
    secret: str = field(repr=False)
    previous_secret: str | None = field(repr=False)


async def insert(
    tx: Tx,
    *,
    id: UUID,
    instance_id: UUID | None,
    source: Source,
    url: str,
    secret: str,
    events: Sequence[str] | None,
    headers: Mapping[str, str],
    position: int,
    now: datetime,
) -> None:
    """A new webhook whose cursor stands at `position`."""
    await execute(
        tx,
        """
        INSERT INTO recado.webhooks (id, instance_id, source, url, secret, events, headers, created_at, updated_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (id, instance_id, source, url, secret, _texts(events), Jsonb(dict(headers)), now, now),
    )
    await execute(
        tx,
        "INSERT INTO recado.webhook_cursors (webhook_id, position, updated_at) VALUES (%s, %s, %s)",
        (id, position, now),
    )


async def find(tx: Tx, id: UUID) -> Webhook | None:
    return await fetch_one(tx, Webhook, _SHAPE + "WHERE w.id = %s", (id,))


async def of(tx: Tx, instance_id: UUID | None) -> list[Webhook]:
    """Those of one instance, or all; the oldest first."""
    return await fetch_all(
        tx,
        Webhook,
        _SHAPE + "WHERE %(instance_id)s::uuid IS NULL OR w.instance_id = %(instance_id)s ORDER BY w.id",
        {"instance_id": instance_id},
    )


async def concerning(tx: Tx, instance_id: UUID, limit: int) -> list[Webhook]:
    """Those that hear of this instance: its own, then those of all instances; the oldest first."""
    return await fetch_all(
        tx,
        Webhook,
        _SHAPE + "WHERE w.instance_id = %s OR w.instance_id IS NULL ORDER BY w.instance_id IS NULL, w.id LIMIT %s",
        (instance_id, limit),
    )


async def slowest(tx: Tx) -> Webhook | None:
    """The one that keeps the log from being dropped, by its cursor or by what is parked for it."""
    return await fetch_one(
        tx,
        Webhook,
        _SHAPE
        + """
        WHERE w.state <> 'disabled' ORDER BY least(c.position, (
          SELECT min(p.position) - 1 FROM recado.parked_deliveries p WHERE p.webhook_id = w.id AND p.state <> 'dead'))
        LIMIT 1
        """,
    )


async def update(
    tx: Tx,
    id: UUID,
    *,
    url: str,
    events: Sequence[str] | None,
    headers: Mapping[str, str],
    state: State,
    state_reason: str | None,
    now: datetime,
) -> None:
    await execute(
        tx,
        """
        UPDATE recado.webhooks SET url = %s, events = %s, headers = %s, state = %s, state_reason = %s WHERE id = %s
        """,
        (url, _texts(events), Jsonb(dict(headers)), state, state_reason, id),
    )
    await touch(tx, id, now=now)


async def switch_off(tx: Tx, id: UUID, *, state: State, reason: str, now: datetime) -> None:
    await execute(
        tx,
        "UPDATE recado.webhooks SET state = %s, state_reason = %s WHERE id = %s",
        (state, reason, id),
    )
    await touch(tx, id, now=now)


async def touch(tx: Tx, id: UUID, *, now: datetime) -> None:
    """Let whoever delivers for it begin anew with what stands in the tables."""
    await execute(
        tx,
        "UPDATE recado.webhooks SET updated_at = greatest(%s, updated_at + interval '1 us') WHERE id = %s",
        (now, id),
    )


async def touch_behind(tx: Tx, oldest: int, *, now: datetime) -> None:
    """Touch those that have lost something, because the log begins at `oldest`."""
    await execute(
        tx,
        """
        UPDATE recado.webhooks w SET updated_at = greatest(%(now)s, w.updated_at + interval '1 us')
        FROM recado.webhook_cursors c WHERE c.webhook_id = w.id AND w.state = 'active' AND (
          c.position < %(oldest)s::bigint - 1 OR EXISTS (
            SELECT FROM recado.parked_deliveries p
            WHERE p.webhook_id = w.id AND p.state <> 'dead' AND p.position < %(oldest)s))
        """,
        {"oldest": oldest, "now": now},
    )


async def revive(tx: Tx, id: UUID, *, now: datetime) -> None:
    """Forget that its receiver was down: it will be tried again at once."""
    await execute(
        tx,
        """
        UPDATE recado.webhook_cursors SET failing_since = NULL, probe_at = NULL, updated_at = %s WHERE webhook_id = %s
        """,
        (now, id),
    )


async def remove(tx: Tx, id: UUID) -> None:
    await execute(tx, "DELETE FROM recado.webhooks WHERE id = %s", (id,))


async def rotate_secret(tx: Tx, id: UUID, *, secret: str, previous_until: datetime, now: datetime) -> None:
    """The new secret signs from now on, the old one beside it until `previous_until`."""
    await execute(
        tx,
        """
        UPDATE recado.webhooks SET previous_secret = secret, previous_secret_until = %s, secret = %s WHERE id = %s
        """,
        (previous_until, secret, id),
    )
    await touch(tx, id, now=now)


async def target(tx: Tx, id: UUID, *, now: datetime) -> Target | None:
    """Where to post and how to sign at this moment."""
    row = await fetch_one(
        tx,
        _Target,
        """
        SELECT url, headers, secret, CASE WHEN previous_secret_until > %s THEN previous_secret END AS previous_secret
        FROM recado.webhooks WHERE id = %s
        """,
        (now, id),
    )
    if row is None:
        return None
    secrets = (row.secret,) if row.previous_secret is None else (row.secret, row.previous_secret)
    return Target(url=row.url, headers=row.headers, secrets=secrets)


async def active(tx: Tx, *, now: datetime) -> list[Version]:
    """All that deliveries are made to; the end of a rotation counts as a change."""
    return await fetch_all(
        tx,
        Version,
        """
        SELECT id,
          greatest(updated_at, CASE WHEN previous_secret_until <= %s THEN previous_secret_until END) AS updated_at
        FROM recado.webhooks WHERE state = 'active'
        """,
        (now,),
    )


async def lock_urls(tx: Tx) -> None:
    """Let only one transaction at a time bring webhooks in line with the instances' column."""
    await tx.execute("SELECT pg_advisory_xact_lock(5927104)")


async def misaligned(tx: Tx) -> list[Misaligned]:
    """Every instance whose `webhook_url` is not what its own webhook posts to."""
    return await fetch_all(
        tx,
        Misaligned,
        """
        SELECT i.id AS instance_id, nullif(btrim(i.webhook_url), '') AS wanted_url, w.id AS webhook_id
        FROM public.whatsapp_instances i
        LEFT JOIN recado.webhooks w ON w.instance_id = i.id AND w.source = 'instance_url'
        WHERE nullif(btrim(i.webhook_url), '') IS DISTINCT FROM w.url
        """,
    )


async def point(tx: Tx, id: UUID, *, url: str, now: datetime) -> None:
    """Let it post elsewhere, whatever had switched it off."""
    await execute(
        tx,
        "UPDATE recado.webhooks SET url = %s, state = 'active', state_reason = NULL WHERE id = %s",
        (url, id),
    )
    await touch(tx, id, now=now)
    await revive(tx, id, now=now)


def _texts(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else list(values)
