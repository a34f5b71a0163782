"""The tables of an older back end, repaired so that Recado can live on them, and what was found and done."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import Final, Literal

import psycopg
from psycopg import errors

from recado.domain.errors import Misconfigured

from .database import Database, Tx

_SCRIPT: Final = "scripts/fix-table-structure.sql"
_END: Final = "COMMIT;\n"
_REFUSED: Final = "RCADO"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing about the old tables: found there, changed, or another's and kept. `rows`: how many it is about."""

    kind: Literal["found", "changed", "kept"]
    code: str
    sentence: str
    rows: int | None


def script() -> str:
    """What is run: `sql/fix-table-structure.sql`, one transaction that ends with its report."""
    return resources.files(__package__).joinpath(_SCRIPT).read_text("utf-8")


async def adopt(database: Database, *, is_rehearsal: bool = False) -> list[Line]:
    """Run it; a rehearsal undoes everything at its end. Empty when there is no old table.

    Raises Misconfigured, and then nothing has been changed: not_the_old_table, adoption_failed.
    """
    async with database.glance() as tx:
        try:
            return await _run(tx, script().removesuffix(_END) + ("ROLLBACK;\n" if is_rehearsal else _END))
        except psycopg.Error as error:
            refusal = _refusal(error)
            if refusal is None:
                raise
            raise refusal from error


async def _run(tx: Tx, text: str) -> list[Line]:
    cursor = await tx.execute(text.encode(), prepare=False)
    rows: list[tuple[Literal["found", "changed", "kept"], str, str, int | None]] = []
    while True:
        if cursor.description is not None:
            rows = await cursor.fetchall()
        if not cursor.nextset():
            return [Line(kind=kind, code=code, sentence=sentence, rows=count) for kind, code, sentence, count in rows]


def _refusal(error: psycopg.Error) -> Misconfigured | None:
    """The error in words; None when the connection was lost."""
    if error.sqlstate is None or (
        isinstance(error, psycopg.OperationalError) and not isinstance(error, errors.LockNotAvailable)
    ):
        return None
    said = error.diag.message_primary or str(error)
    if error.sqlstate == _REFUSED:
        return Misconfigured("not_the_old_table", f"{said}", hint=error.diag.message_hint or "")
    if isinstance(error, errors.LockNotAvailable):
        said = "somebody else uses it all the time"
    return Misconfigured(
        "adoption_failed",
        f"The old tables cannot be repaired, and nothing was changed: {said}.",
        hint="Stop the old back end, put right what stands in the way, and run: recado db adopt",
    )
