"""Commands: what one process asks of whichever holds an instance, and the answers.

Time is the database's own, as with leases.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from .database import Tx
from .rows import execute, fetch_all, fetch_value

_ADD: Final[LiteralString] = """
INSERT INTO recado.commands (id, instance_id, name, params, until)
VALUES (%s, %s, %s, %s, clock_timestamp() + %s)
"""

_CLAIM: Final[LiteralString] = """
WITH mine AS (
  SELECT c.id FROM recado.commands c JOIN recado.leases l ON l.kind = 'instance' AND l.subject = c.instance_id
  WHERE c.holder IS NULL AND c.until > clock_timestamp() AND l.holder = %(holder)s AND l.until > clock_timestamp()
  ORDER BY c.id FOR UPDATE OF c SKIP LOCKED
)
UPDATE recado.commands c SET holder = %(holder)s FROM mine WHERE c.id = mine.id
RETURNING c.id, c.instance_id, c.name, c.params
"""

_IS_ELSEWHERE = """
SELECT EXISTS (
  SELECT FROM recado.leases
  WHERE kind = 'instance' AND subject = %s AND holder <> %s AND until > clock_timestamp()
)
"""
_ANSWER = "UPDATE recado.commands SET answer = %s WHERE id = %s"
_TAKE = "DELETE FROM recado.commands WHERE id = %s AND answer IS NOT NULL RETURNING answer"
_WITHDRAW = "DELETE FROM recado.commands WHERE id = %s AND holder IS NULL"
_SWEEP = "DELETE FROM recado.commands WHERE until < clock_timestamp() - interval '1 hour'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What somebody asks to be done with an instance."""

    id: UUID
    instance_id: UUID
    name: str
    params: dict[str, Any]


async def add(tx: Tx, command: Command, *, within: timedelta) -> None:
    """Ask for it; nobody begins it after that time."""
    await execute(tx, _ADD, (command.id, command.instance_id, command.name, Jsonb(command.params), within))


async def claim(tx: Tx, holder: UUID) -> list[Command]:
    """Those that nobody has begun, of instances that `holder` has the lease of; from now on they are its own."""
    return await fetch_all(tx, Command, _CLAIM, {"holder": holder})


async def is_held_by_another(tx: Tx, instance_id: UUID, holder: UUID) -> bool:
    """Whether anybody but `holder` has the instance's lease now."""
    return bool(await fetch_value(tx, _IS_ELSEWHERE, (instance_id, holder)))


async def answer(tx: Tx, id: UUID, said: dict[str, Any]) -> None:
    await execute(tx, _ANSWER, (Jsonb(said), id))


async def take_answer(tx: Tx, id: UUID) -> dict[str, Any] | None:
    """The answer, once; None while there is none."""
    found: dict[str, Any] | None = await fetch_value(tx, _TAKE, (id,))
    return found


async def withdraw(tx: Tx, id: UUID) -> bool:
    """Take it back; False when somebody has begun it."""
    return await execute(tx, _WITHDRAW, (id,)) == 1


async def sweep(tx: Tx) -> None:
    """Drop what nobody waits for any more."""
    await execute(tx, _SWEEP)
