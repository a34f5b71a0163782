"""Taking a backup: one moment of the database, table by table, into the file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from psycopg import sql

from recado.domain.errors import Conflict, NotFound

from .archive import WORK, Manifest, Writer, prove, written
from .parts import PARTS, Part
from .tables import columns_of, engine_tables, schema_of

_TRIES: Final = 5
Progress = Callable[[str, int], None]
"""Told the table and its rows, after each."""

_INSTANCES: Final[LiteralString] = """
SELECT i.id, i.instance_name, i.phone_number, i.wanted, i.reason,
  i.state NOT IN ('stopped', 'logged_out', 'failed') AND l.holder IS NOT NULL AND l.until > clock_timestamp() AS is_held
FROM public.whatsapp_instances i LEFT JOIN recado.leases l ON l.kind = 'instance' AND l.subject = i.id
WHERE CASE WHEN %(names)s::text[] IS NULL THEN i.reason IS DISTINCT FROM 'moved'
  ELSE i.instance_name = ANY(%(names)s) END
ORDER BY i.instance_name
"""
_LEAVE: Final[LiteralString] = """
WITH gone AS (
  UPDATE public.whatsapp_instances SET wanted = 'stopped', wanted_at = clock_timestamp(), state = 'stopped',
    status = 'disconnected', reason = 'moved', user_action = NULL, qr_code = NULL, deadline = NULL, next_at = NULL,
    attempt = 0, since = clock_timestamp(), updated_at = now()
  WHERE id = ANY(%(ids)s) RETURNING id
)
INSERT INTO recado.timeline (id, instance_id, at, code, state, params)
SELECT t.step, t.id, clock_timestamp(), 'moved', 'stopped', jsonb_build_object('file', %(file)s::text)
FROM unnest(%(ids)s::uuid[], %(steps)s::uuid[]) AS t (id, step)
"""
# Not with the rest: whoever holds one renews it at any time.
_EVICT: Final[LiteralString] = """
UPDATE recado.leases SET fence = fence + 1, holder = NULL, until = '-infinity'
WHERE kind = 'instance' AND subject = ANY(%(ids)s)
"""
_FORGET: Final[LiteralString] = """
WITH gone AS (DELETE FROM whatsmeow.engine_session WHERE session = ANY(%(names)s) RETURNING jid)
DELETE FROM whatsmeow.whatsmeow_device d USING gone WHERE d.jid = gone.jid
"""
_NOTE: Final[LiteralString] = """
UPDATE public.whatsapp_sessions s
SET session_data = coalesce(s.session_data, '{}') || jsonb_build_object('backup',
  jsonb_build_object('file', %(file)s::text, 'at', %(at)s::text))
FROM public.whatsapp_instances i WHERE i.instance_name = s.instance_name AND i.id = ANY(%(ids)s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A backup that was made; `rows` by table, `size` in bytes."""

    path: Path
    manifest: Manifest
    rows: dict[str, int]
    size: int


def take(
    url: str,
    path: Path,
    passphrase: str,
    *,
    now: datetime,
    new_id: Callable[[], UUID],
    version: str,
    names: Collection[str] | None = None,
    has_messages: bool = False,
    is_move: bool = False,
    were_running: Collection[UUID] = (),
    work: int = WORK,
    on_table: Progress = lambda table, rows: None,
) -> Taken:
    """Copy these instances (None: all that have not moved away) as they are at one moment.

    `work` is what a guess at the passphrase costs (scrypt's N). With `is_move` they are marked `moved` in the same
    transaction and start here no more: they have to be stopped (`at_rest`); those that `were_running` run there again.
    Raises NotFound, Conflict, Invalid, OSError and psycopg's errors; nothing is left behind then.
    """
    with psycopg.connect(url, application_name="recado backup") as connection:
        for tries in reversed(range(_TRIES)):
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            try:
                with connection.transaction():
                    manifest = _manifest(connection, names, now, version, has_messages, is_move, were_running)
                    which = _which(manifest, is_whole=names is None)
                    with written(path, passphrase, manifest, work=work) as writer:
                        for part in PARTS:
                            _copy(connection, writer, part, which, has_messages=has_messages, on_table=on_table)
                        rows = writer.end()
                    if is_move:
                        prove(path, passphrase)
                        _leave(connection, manifest, which, path, new_id)
                break
            except psycopg.errors.SerializationFailure:
                path.unlink(missing_ok=True)
                if not tries:
                    raise
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        if is_move:
            connection.execute(_EVICT, which)
        connection.execute(_NOTE, which | {"file": str(path), "at": manifest.created_at})
    return Taken(path=path, manifest=manifest, rows=rows, size=path.stat().st_size)


def _manifest(
    connection: psycopg.Connection[Any],
    names: Collection[str] | None,
    now: datetime,
    version: str,
    has_messages: bool,
    is_move: bool,
    were_running: Collection[UUID],
) -> Manifest:
    found = _find(connection, names)
    if is_move:
        _check_at_rest(found)
    return Manifest(
        created_at=now.isoformat(),
        version=version,
        schema=schema_of(connection),
        engine_tables=engine_tables(connection),
        is_move=is_move,
        has_messages=has_messages,
        instances=[
            {
                "id": str(id),
                "name": name,
                "phone_number": phone,
                "wanted": "running" if id in were_running else wanted,
            }
            for id, name, phone, wanted, *_ in found
        ],
    )


def _which(manifest: Manifest, *, is_whole: bool) -> dict[str, Any]:
    names = [one["id"] for one in manifest.instances]
    return {"ids": [UUID(name) for name in names], "names": names, "all": is_whole}


def _leave(
    connection: psycopg.Connection[Any],
    manifest: Manifest,
    which: dict[str, Any],
    path: Path,
    new_id: Callable[[], UUID],
) -> None:
    """Mark them as moved, and forget their credentials: there they are from now on."""
    connection.execute(_LEAVE, which | {"file": str(path), "steps": [new_id() for _ in which["ids"]]})
    if manifest.engine_tables is not None:
        connection.execute(_FORGET, which)


def _find(connection: psycopg.Connection[Any], names: Collection[str] | None) -> list[tuple[Any, ...]]:
    found = connection.execute(_INSTANCES, {"names": None if names is None else list(names)}).fetchall()
    missing = sorted(set(names or ()) - {name for _, name, *_ in found})
    if missing:
        raise NotFound("unknown_instance", f"There is no instance named {missing[0]!r}.")
    if not found:
        raise NotFound("nothing_to_back_up", "There is no instance to back up.")
    return found


def _check_at_rest(found: list[tuple[Any, ...]]) -> None:
    for _, name, _, _, reason, is_held in found:
        if reason == "moved":
            raise Conflict("moved", f"{name} was moved away already.", hint="Its last backup has it.")
        if is_held:
            raise Conflict("still_running", f"{name} is still being run.", hint="Stop it first, or stop Recado.")


def _copy(
    connection: psycopg.Connection[Any],
    writer: Writer,
    part: Part,
    which: dict[str, Any],
    *,
    has_messages: bool,
    on_table: Progress,
) -> None:
    columns = [name for name in columns_of(connection, part.table) if name not in part.without]
    if not columns:
        return
    condition = part.rows if has_messages or part.sparse is None else part.sparse
    query = sql.SQL("COPY (SELECT {} FROM {} WHERE {}{}) TO STDOUT").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(part.table),
        sql.SQL(condition),
        sql.SQL(part.order),
    )

    def chunks() -> Iterator[bytes]:
        with connection.cursor().copy(query, which) as copy:
            for data in copy:
                yield bytes(data)

    on_table(part.table, writer.table(part.table, columns, chunks()))
