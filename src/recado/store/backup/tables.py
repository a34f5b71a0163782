"""What a database says of its own tables, as far as a backup has to know."""

from __future__ import annotations

from typing import Any, Final, LiteralString

import psycopg

_COLUMNS: Final[LiteralString] = """
SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
  AND attgenerated = '' ORDER BY attnum
"""


def columns_of(connection: psycopg.Connection[Any], table: str) -> list[str]:
    """Those that are stored, in order; none when there is no such table."""
    return [name for (name,) in connection.execute(_COLUMNS, [table]).fetchall()]


def schema_of(connection: psycopg.Connection[Any]) -> str:
    """The last migration."""
    row = connection.execute("SELECT max(name) FROM recado.migrations").fetchone()
    return str(row[0]) if row else ""


def engine_tables(connection: psycopg.Connection[Any]) -> int | None:
    """The version of the engine library's own tables; None when there are none."""
    if not columns_of(connection, "whatsmeow.whatsmeow_version"):
        return None
    row = connection.execute("SELECT max(version) FROM whatsmeow.whatsmeow_version").fetchone()
    return row[0] if row else None
