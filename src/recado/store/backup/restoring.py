"""Putting a backup back: all of it in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from psycopg import sql

from recado.domain.errors import Conflict, Invalid

from .archive import Manifest, Reader, damaged, opened
from .parts import ENGINE_SCHEMA, PARTS, Part
from .tables import columns_of, engine_tables, schema_of
from .taking import Progress

_THERE: Final[LiteralString] = """
SELECT instance_name, reason = 'moved' AS is_moved, id = ANY(%(ids)s) AS is_same FROM public.whatsapp_instances
WHERE id = ANY(%(ids)s) OR instance_name = ANY(%(names)s) ORDER BY instance_name
"""
_CLEAR: Final[LiteralString] = "DELETE FROM public.whatsapp_instances WHERE id = ANY(%(ids)s) AND reason = 'moved'"
_CLEAR_DEVICES: Final[LiteralString] = """
WITH gone AS (DELETE FROM whatsmeow.engine_session WHERE session = ANY(%(sessions)s) RETURNING jid)
DELETE FROM whatsmeow.whatsmeow_device d USING gone WHERE d.jid = gone.jid
"""
_SETTLE: Final[LiteralString] = """
WITH back AS (
  UPDATE public.whatsapp_instances i SET wanted = t.wanted, wanted_at = clock_timestamp() + interval '1 millisecond',
    state = 'stopped', status = 'disconnected', reason = 'restored', user_action = NULL, qr_code = NULL,
    deadline = NULL, next_at = NULL, attempt = 0, checked_at = NULL, since = clock_timestamp(), updated_at = now()
  FROM unnest(%(ids)s::uuid[], %(wanted)s::text[]) AS t (id, wanted) WHERE i.id = t.id
), cursors AS (
  INSERT INTO recado.webhook_cursors (webhook_id, position)
  SELECT w.id, (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM recado.event_position)
  FROM recado.webhooks w WHERE NOT EXISTS (SELECT FROM recado.webhook_cursors c WHERE c.webhook_id = w.id)
), placed AS (
  SELECT setval('recado.message_order', greatest(nextval('recado.message_order'),
    (SELECT coalesce(max(tiebreak), 0) FROM public.whatsapp_messages WHERE instance_id = ANY(%(ids)s)),
    (SELECT coalesce(max(last_tiebreak), 0) FROM public.whatsapp_chats WHERE instance_id = ANY(%(ids)s))))
)
INSERT INTO recado.timeline (id, instance_id, at, code, state, params)
SELECT t.step, t.id, clock_timestamp(), 'restored', 'stopped', jsonb_build_object('made_at', %(made_at)s::text)
FROM unnest(%(ids)s::uuid[], %(steps)s::uuid[]) AS t (id, step), placed
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put back; `rows` by table."""

    manifest: Manifest
    rows: dict[str, int]


def restore(
    url: str,
    path: Path,
    passphrase: str,
    *,
    new_id: Callable[[], UUID],
    is_forced: bool = False,
    on_table: Progress = lambda table, rows: None,
) -> Restored:
    """Put the instances of the file into this database, which has to be up to date.

    Those that were running when they were copied start again. Raises Conflict when one is here already, or when the
    original was not moved and `is_forced` is False; Invalid for a wrong file. Nothing is changed then.
    """
    with (
        opened(path, passphrase) as reader,
        psycopg.connect(url, application_name="recado restore") as connection,
        connection.transaction(),
    ):
        manifest = reader.manifest
        _check(connection, manifest, is_forced=is_forced)
        which = _which(manifest, new_id)
        connection.execute(_CLEAR, which)
        if manifest.engine_tables is not None:
            connection.execute(_CLEAR_DEVICES, which)
        rows = dict(_put(connection, reader, on_table))
        connection.execute(_SETTLE, which)
    return Restored(manifest=manifest, rows=rows)


def _which(manifest: Manifest, new_id: Callable[[], UUID]) -> dict[str, Any]:
    ids = [UUID(one["id"]) for one in manifest.instances]
    return {
        "ids": ids,
        "sessions": [str(id) for id in ids],
        "names": [one["name"] for one in manifest.instances],
        "wanted": [one["wanted"] for one in manifest.instances],
        "steps": [new_id() for _ in ids],
        "made_at": manifest.created_at,
    }


def _check(connection: psycopg.Connection[Any], manifest: Manifest, *, is_forced: bool) -> None:
    if manifest.schema > schema_of(connection):
        raise Invalid(
            "newer_backup",
            f"The backup was made by Recado {manifest.version}, which is newer than this one.",
            hint="Update Recado, then restore.",
        )
    here = engine_tables(connection)
    if manifest.engine_tables is not None and (here is None or here < manifest.engine_tables):
        raise Invalid(
            "newer_backup",
            "The engine's tables in the backup are newer than the ones here.",
            hint="Run `recado db upgrade` with the Recado that made it, or a newer one.",
        )
    if not manifest.is_move and not is_forced:
        raise Conflict(
            "not_moved",
            "This backup is a copy: the original instances may still be running.",
            hint="Two that run with the same keys lose each other's messages. Make it with --move; or, when the"
            " original is gone for good, restore with --force: its chats go on from the moment of the copy.",
        )
    names = [one["name"] for one in manifest.instances]
    ids = [UUID(one["id"]) for one in manifest.instances]
    for name, is_moved, is_same in connection.execute(_THERE, {"ids": ids, "names": names}).fetchall():
        if not (is_moved and is_same):
            raise Conflict(
                "instance_exists", f"There is an instance {name} here already.", hint="Rename or remove it first."
            )


def _put(connection: psycopg.Connection[Any], reader: Reader, on_table: Progress) -> Iterator[tuple[str, int]]:
    known = {part.table: part for part in PARTS}
    for table, columns, chunks in reader.tables():
        part = known.get(table)
        if part is None or set(columns) - set(columns_of(connection, table)):
            raise Invalid(
                "other_backup",
                f"The backup holds {table} in a form that is not known here.",
                hint="Use the version of Recado that made it." if table.startswith(ENGINE_SCHEMA) else "Update Recado.",
            )
        count = _copy(connection, part, columns, chunks)
        on_table(table, count)
        yield table, count


def _copy(connection: psycopg.Connection[Any], part: Part, columns: list[str], chunks: Iterator[bytes]) -> int:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    target = sql.SQL(part.table)
    into = sql.Identifier("recado_restoring") if part.merges else target
    if part.merges:
        connection.execute(
            sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} LIMIT 0").format(into, names, target)
        )
    with connection.cursor() as cursor:
        try:
            with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(into, names)) as copy:
                for chunk in chunks:
                    copy.write(chunk)
        except psycopg.errors.DataError as error:
            raise damaged() from error
        count = cursor.rowcount
    if part.merges:
        connection.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT DO NOTHING").format(target, names, names, into)
        )
        connection.execute(sql.SQL("DROP TABLE {}").format(into))
    return count
