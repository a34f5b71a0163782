"""App state as it stands: how far each collection is known, and every entry of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import orjson

from recado.domain.app_state import Meaning, OwnName, meaning_of
from recado.domain.sync import AppStateItem
from recado.domain.texts import storable_json

from .database import Tx
from .recordset import embedded, recordset
from .rows import execute, fetch_value

_BEGIN: Final[LiteralString] = """
INSERT INTO recado.app_state AS a (instance_id, collection, pass) VALUES (%s, %s, 1)
ON CONFLICT (instance_id, collection) DO UPDATE SET pass = a.pass + 1,
  version = CASE WHEN %s THEN NULL ELSE a.version END, full_at = CASE WHEN %s THEN NULL ELSE a.full_at END
RETURNING version, pass, full_at
"""
_KEEP: Final[LiteralString] = """
WITH told AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%(items)s::json) AS t (n integer, index text, subject text, value jsonb)
), before AS MATERIALIZED (
  SELECT t.n FROM told t JOIN recado.app_state_items i
    ON i.instance_id = %(instance_id)s AND i.collection = %(collection)s AND i.index = t.index AND i.value = t.value
), kept AS (
  INSERT INTO recado.app_state_items (instance_id, collection, index, subject, value, pass)
  SELECT %(instance_id)s, %(collection)s, index, subject, value, %(pass)s FROM told
  ON CONFLICT (instance_id, collection, index)
  DO UPDATE SET subject = excluded.subject, value = excluded.value, pass = excluded.pass
)
SELECT array_agg(n ORDER BY n) FROM told WHERE n NOT IN (SELECT n FROM before)
"""
_SWEEP: Final[LiteralString] = """
DELETE FROM recado.app_state_items WHERE instance_id = %s AND collection = %s AND pass < %s RETURNING index, value
"""
_ABOUT: Final[LiteralString] = """
SELECT i.instance_id, i.index, i.value
FROM json_to_recordset(%s::json) AS t (instance_id uuid, subject text)
JOIN recado.app_state_items i ON i.instance_id = t.instance_id AND i.subject = t.subject
"""
_COUNT: Final[LiteralString] = """
SELECT count(*) FROM recado.app_state_items WHERE instance_id = %s AND collection = %s
"""
_FINISH: Final[LiteralString] = """
UPDATE recado.app_state
SET version = %(version)s, error = NULL, updated_at = now(),
  full_at = CASE WHEN %(was_full)s THEN %(now)s ELSE full_at END
WHERE instance_id = %(instance_id)s AND collection = %(collection)s
"""
_IS_KNOWN: Final[LiteralString] = """
SELECT full_at IS NOT NULL FROM recado.app_state WHERE instance_id = %s AND collection = %s
"""
_FAIL: Final[LiteralString] = """
WITH before AS MATERIALIZED (
  SELECT instance_id, collection, error FROM recado.app_state
  WHERE instance_id = %(instance_id)s AND collection = %(collection)s FOR UPDATE
)
UPDATE recado.app_state a SET error = %(error)s, updated_at = now()
FROM before b WHERE a.instance_id = b.instance_id AND a.collection = b.collection
RETURNING b.error IS NULL
"""
_OWN_NAME: Final[LiteralString] = """
UPDATE public.whatsapp_instances SET push_name = %(name)s, updated_at = now()
WHERE id = %(instance_id)s AND push_name IS DISTINCT FROM %(name)s
"""

ADDRESS_BOOK: Final = "critical_unblock_low"
_LONGEST_INDEX: Final = 600
"""Of any entry that means something; a longer one might not fit into the table's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A read of a collection that begins: from where (`version`), its number, and when all of it was last read."""

    collection: str
    version: int | None
    number: int
    full_at: datetime | None

    @property
    def is_first(self) -> bool:
        """It brings what was there before Recado: nobody is told of each. An empty address book is none yet."""
        return self.full_at is None or (self.collection == ADDRESS_BOOK and not self.version)


async def begin(tx: Tx, instance_id: UUID, collection: str, *, is_anew: bool = False) -> Reading:
    """`is_anew`: what was read before was another phone's."""
    cursor = await tx.execute(_BEGIN, (instance_id, collection, is_anew, is_anew))
    [(version, number, full_at)] = await cursor.fetchall()
    return Reading(collection=collection, version=version, number=number, full_at=full_at)


async def keep(
    tx: Tx, instance_id: UUID, collection: str, number: int, items: Iterable[AppStateItem]
) -> list[AppStateItem]:
    """Keep these entries as named by read `number`; those that were not there, or said something else, are returned."""
    latest = list({item.index: item for item in items if len(index_text(item.index)) <= _LONGEST_INDEX}.values())
    rows = recordset(_row(n, item) for n, item in enumerate(latest))
    params = {"instance_id": instance_id, "collection": collection, "pass": number, "items": rows}
    return [latest[n] for n in await fetch_value(tx, _KEEP, params) or ()]


async def sweep(tx: Tx, instance_id: UUID, collection: str, number: int) -> list[AppStateItem]:
    """Forget the entries that read `number`, a full one, has not named; they are returned."""
    cursor = await tx.execute(_SWEEP, (instance_id, collection, number))
    return [AppStateItem(index=tuple(orjson.loads(index)), value=value) for index, value in await cursor.fetchall()]


async def about(tx: Tx, subjects: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], list[Meaning]]:
    """What the entries say of these JIDs (instance, JID); of whom there is none is left out."""
    rows = [{"instance_id": instance_id, "subject": subject} for instance_id, subject in set(subjects)]
    said: dict[tuple[UUID, str], list[Meaning]] = {}
    if not rows:
        return said
    for instance_id, index, value in await (await tx.execute(_ABOUT, [recordset(rows)])).fetchall():
        meaning = meaning_of(orjson.loads(index), value)
        if (subject := _subject(meaning)) is not None and meaning is not None:
            said.setdefault((instance_id, subject), []).append(meaning)
    return said


async def count(tx: Tx, instance_id: UUID, collection: str) -> int:
    """How many entries there are."""
    return int(await fetch_value(tx, _COUNT, (instance_id, collection)))


async def finish(tx: Tx, instance_id: UUID, collection: str, *, version: int, was_full: bool, now: datetime) -> None:
    """The read has come to its end: the next one begins there."""
    params = {
        "instance_id": instance_id,
        "collection": collection,
        "version": version,
        "was_full": was_full,
        "now": now,
    }
    await execute(tx, _FINISH, params)


async def is_known(tx: Tx, instance_id: UUID, collection: str) -> bool:
    """Whether all of it has ever been read."""
    return bool(await fetch_value(tx, _IS_KNOWN, (instance_id, collection)))


async def fail(tx: Tx, instance_id: UUID, collection: str, error: str) -> bool:
    """The data is wrong; whether that is new."""
    return bool(await fetch_value(tx, _FAIL, {"instance_id": instance_id, "collection": collection, "error": error}))


async def own_name(tx: Tx, instance_id: UUID, name: str) -> None:
    """What the owner of the instance is called."""
    await execute(tx, _OWN_NAME, {"instance_id": instance_id, "name": name})


def index_text(index: Sequence[str]) -> str:
    """An index as the table has it."""
    return orjson.dumps(storable_json(index)).decode()


def _subject(meaning: Meaning | None) -> str | None:
    return None if meaning is None or isinstance(meaning, OwnName) else meaning.subject


def _row(n: int, item: AppStateItem) -> Mapping[str, Any]:
    return {
        "n": n,
        "index": index_text(item.index),
        "subject": _subject(meaning_of(item.index, item.value)),
        "value": embedded(orjson.dumps(storable_json(item.value))),
    }
