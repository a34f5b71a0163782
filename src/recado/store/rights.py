"""What was found, while Recado runs, to keep its writes from being kept: noted where the doctor reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.types.json import Jsonb

from .database import Tx
from .rows import execute, fetch_one

_KEY: Final = "database_blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A stable code, a plain sentence, what to do, and when it was found."""

    code: str
    sentence: str
    hint: str
    since: datetime


async def noted(tx: Tx) -> Trouble | None:
    """What is wrong as far as is known; None when nothing is."""
    return await fetch_one(
        tx,
        Trouble,
        """
        SELECT value->>'code' AS code, value->>'sentence' AS sentence, value->>'hint' AS hint,
          (value->>'since')::timestamptz AS since
        FROM recado.settings WHERE key = %s
        """,
        (_KEY,),
    )


async def note(tx: Tx, trouble: Trouble | None) -> None:
    """Write it down, or that it is over."""
    if trouble is None:
        await execute(tx, "DELETE FROM recado.settings WHERE key = %s", (_KEY,))
        return
    value = {
        "code": trouble.code,
        "sentence": trouble.sentence,
        "hint": trouble.hint,
        "since": trouble.since.isoformat(),
    }
    await execute(
        tx,
        """
        INSERT INTO recado.settings (key, value) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value
        """,
        (_KEY, Jsonb(value)),
    )
