"""Profile pictures of people and groups: the image, or that there is none, and when that was asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from recado.domain.chats import Chat
from recado.domain.contacts import Contact
from recado.domain.jid import Identity, identity_of

from .contacts import contact_of
from .database import Tx
from .recordset import recordset
from .rows import execute, fetch_one, fetch_value

_GET: Final[LiteralString] = """
SELECT picture_id, mime_type, image, why, fetched_at FROM recado.pictures WHERE subject = %s
"""
_PUT: Final[LiteralString] = """
INSERT INTO recado.pictures (subject, instance_id, picture_id, mime_type, image, why, fetched_at)
SELECT %(subject)s, i.id, %(picture_id)s, %(mime_type)s, %(image)s, %(why)s, %(fetched_at)s
FROM public.whatsapp_instances i WHERE i.id = %(instance_id)s
ON CONFLICT (subject) DO UPDATE SET picture_id = excluded.picture_id, mime_type = excluded.mime_type,
  image = excluded.image, why = excluded.why, fetched_at = excluded.fetched_at
"""
_SUBJECT: Final[LiteralString] = """
SELECT id FROM public.whatsapp_contacts
WHERE instance_id = %(instance_id)s AND (phone_number = %(phone)s OR lid = %(lid)s)
UNION ALL
SELECT id FROM public.whatsapp_chats WHERE instance_id = %(instance_id)s AND jid = %(jid)s AND merged_into IS NULL
LIMIT 1
"""
_STILL: Final[LiteralString] = "UPDATE recado.pictures SET fetched_at = %s WHERE subject = %s"
_NOTE: Final[tuple[LiteralString, LiteralString]] = (
    """
UPDATE public.whatsapp_contacts
SET picture_url = CASE WHEN %(url)s::text IS NULL AND picture_id = %(picture_id)s THEN picture_url ELSE %(url)s END,
  picture_id = %(picture_id)s, picture_at = %(at)s, updated_at = now()
WHERE id = %(subject)s
""",
    """
UPDATE public.whatsapp_chats
SET picture_url = CASE WHEN %(url)s::text IS NULL AND picture_id = %(picture_id)s THEN picture_url ELSE %(url)s END,
  picture_id = %(picture_id)s, picture_at = %(at)s, updated_at = now()
WHERE id = %(subject)s
""",
)
_OF_PEOPLE: Final[LiteralString] = """
WITH told AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%s::json) AS t (n integer, instance_id uuid, phone text, lid text, picture_id text)
), stale AS (
  UPDATE recado.pictures q SET fetched_at = 'epoch'
  FROM told t JOIN public.whatsapp_contacts c
    ON c.instance_id = t.instance_id AND (c.phone_number = t.phone OR c.lid = t.lid)
  WHERE q.subject = c.id
)
UPDATE public.whatsapp_contacts c SET picture_id = t.picture_id, picture_url = NULL, updated_at = now()
FROM told t
WHERE c.instance_id = t.instance_id AND (c.phone_number = t.phone OR c.lid = t.lid)
  AND c.picture_id IS DISTINCT FROM t.picture_id
RETURNING t.n, c.id, c.instance_id, c.phone_number, c.lid, c.name, c.push_name, c.business_name
"""
_OF_GROUPS: Final[LiteralString] = """
WITH told AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%s::json) AS t (n integer, instance_id uuid, jid text, picture_id text)
), stale AS (
  UPDATE recado.pictures q SET fetched_at = 'epoch'
  FROM told t JOIN public.whatsapp_chats h ON h.instance_id = t.instance_id AND h.jid = t.jid WHERE q.subject = h.id
)
UPDATE public.whatsapp_chats h SET picture_id = t.picture_id, picture_url = NULL, updated_at = now()
FROM told t
WHERE h.instance_id = t.instance_id AND h.jid = t.jid AND h.merged_into IS NULL
  AND h.picture_id IS DISTINCT FROM t.picture_id
RETURNING t.n, h.id, h.instance_id, h.kind, h.jid, h.name
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of a picture. Without `image` there is none to be seen: `why` is `none` or `hidden`."""

    picture_id: str | None
    mime_type: str | None
    image: bytes | None
    why: str | None
    fetched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Somebody has, or a group has, another picture now, or none (None). `n` is for the caller's own order."""

    n: int
    instance_id: UUID
    jid: str
    identity: Identity
    picture_id: str | None


async def subject_at(tx: Tx, instance_id: UUID, jid: str) -> UUID | None:
    """The contact or chat of that JID, if there is one."""
    who = identity_of(jid)
    params = {"instance_id": instance_id, "jid": jid, "phone": who.phone, "lid": who.lid}
    found = await fetch_value(tx, _SUBJECT, params)
    return found if isinstance(found, UUID) else None


async def get(tx: Tx, subject: UUID) -> Kept | None:
    return await fetch_one(tx, Kept, _GET, [subject])


async def put(tx: Tx, instance_id: UUID, subject: UUID, kept: Kept, url: str | None) -> None:
    """Keep what the network has answered, and note it on the row of the contact or chat."""
    params = {name: getattr(kept, name) for name in Kept.__dataclass_fields__}
    await execute(tx, _PUT, params | {"instance_id": instance_id, "subject": subject})
    for statement in _NOTE:
        noted = {"picture_id": kept.picture_id, "url": url, "at": kept.fetched_at, "subject": subject}
        await execute(tx, statement, noted)


async def still(tx: Tx, subject: UUID, at: datetime) -> None:
    """It was asked for again, and is the same."""
    await execute(tx, _STILL, [at, subject])


async def note_changes(tx: Tx, news: Iterable[News]) -> list[tuple[int, Contact | Chat]]:
    """Whoever has another picture than before; what is kept of the old one is not shown as fresh any more."""
    latest = {(one.instance_id, one.jid): one for one in news}.values()
    people = [_person(one) for one in latest if one.identity != Identity()]
    groups = [_group(one) for one in latest if one.identity == Identity()]
    found: list[tuple[int, Contact | Chat]] = []
    if people:
        rows = await (await tx.execute(_OF_PEOPLE, [recordset(people)])).fetchall()
        found += [(n, contact_of(columns)) for n, *columns in rows]
    if groups:
        rows = await (await tx.execute(_OF_GROUPS, [recordset(groups)])).fetchall()
        found += [
            (n, Chat(id=id, instance_id=instance_id, kind=kind, contact=None, jid=jid, name=name))
            for n, id, instance_id, kind, jid, name in rows
        ]
    return found


def _person(one: News) -> dict[str, object]:
    who = {"phone": one.identity.phone, "lid": one.identity.lid}
    return {"n": one.n, "instance_id": one.instance_id, "picture_id": one.picture_id, **who}


def _group(one: News) -> dict[str, object]:
    return {"n": one.n, "instance_id": one.instance_id, "picture_id": one.picture_id, "jid": one.jid}
