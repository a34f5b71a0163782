"""Instances as people see them and ask for them; what the worker writes of them is in `observations`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from recado.domain.errors import Unavailable
from recado.domain.instances import Instance, Wanted

from . import identities
from .database import Tx
from .rows import execute, fetch_all, fetch_one

COLUMNS: Final[LiteralString] = """
i.id, i.instance_name, coalesce(i.status, 'disconnected') AS status, i.state, i.reason, i.user_action, i.wanted,
i.wanted_at, i.attempt, i.next_at, i.deadline, i.since, i.checked_at, i.last_activity_at, i.phone_number, i.lid,
i.push_name, i.platform, i.webhook_url, i.engine, i.owner_id, i.created_at, i.updated_at
"""

_FIND: Final[LiteralString] = f"SELECT {COLUMNS} FROM public.whatsapp_instances i WHERE i.instance_name = %s"
_GET: Final[LiteralString] = f"SELECT {COLUMNS} FROM public.whatsapp_instances i WHERE i.id = %s"
_GET_ALL: Final[LiteralString] = f"SELECT {COLUMNS} FROM public.whatsapp_instances i WHERE i.id = ANY (%s)"

_OF_CHAT: Final[LiteralString] = f"""
SELECT {COLUMNS} FROM public.whatsapp_chats h JOIN public.whatsapp_instances i ON i.id = h.instance_id WHERE h.id = %s
"""
_OF_CONTACT: Final[LiteralString] = f"""
SELECT {COLUMNS} FROM public.whatsapp_contacts c JOIN public.whatsapp_instances i ON i.id = c.instance_id
WHERE c.id = %s
"""

_PAGE: Final[LiteralString] = f"""
SELECT {COLUMNS} FROM public.whatsapp_instances i
WHERE (%(only)s::uuid IS NULL OR i.id = %(only)s)
  AND (%(after)s::text IS NULL OR i.instance_name > %(after)s COLLATE "C")
  AND (%(search)s = '' OR strpos(lower(i.instance_name), lower(%(search)s)) > 0
    OR strpos(coalesce(i.phone_number, ''), %(search)s) > 0)
ORDER BY i.instance_name COLLATE "C" LIMIT %(limit)s
"""

_INSERT: Final[LiteralString] = f"""
INSERT INTO public.whatsapp_instances AS i (id, instance_name, status, state, wanted, wanted_at, since, deadline,
  reason, user_action, webhook_url, engine, owner_id, created_at, updated_at)
VALUES (%(id)s, %(instance_name)s, %(status)s, %(state)s, %(wanted)s, %(now)s, %(now)s, %(deadline)s,
  NULL, NULL, %(webhook_url)s, %(engine)s, %(owner_id)s, %(now)s, %(now)s)
ON CONFLICT (instance_name) DO NOTHING
RETURNING {COLUMNS}
"""

_CHANGE: Final[LiteralString] = f"""
UPDATE public.whatsapp_instances i SET updated_at = %(now)s,
  instance_name = CASE WHEN %(renames)s THEN %(instance_name)s::text ELSE i.instance_name END,
  webhook_url = CASE WHEN %(rehooks)s THEN %(webhook_url)s::text ELSE i.webhook_url END,
  owner_id = CASE WHEN %(reowns)s THEN %(owner_id)s::uuid ELSE i.owner_id END
WHERE i.id = %(id)s
RETURNING {COLUMNS}
"""

# Newer than all that is known of it, however fast two wishes follow each other.
_WANT: Final[LiteralString] = f"""
UPDATE public.whatsapp_instances i SET wanted = %(wanted)s, updated_at = %(now)s, reason = nullif(i.reason, 'moving'),
  wanted_at = greatest(%(now)s, i.since + interval '1 microsecond', i.wanted_at + interval '1 microsecond')
WHERE i.id = %(id)s
RETURNING {COLUMNS}
"""


async def find(tx: Tx, name: str) -> Instance | None:
    """The instance of that name."""
    return await fetch_one(tx, Instance, _FIND, (name,))


async def get(tx: Tx, id: UUID) -> Instance | None:
    return await fetch_one(tx, Instance, _GET, (id,))


async def get_all(tx: Tx, ids: Collection[UUID]) -> list[Instance]:
    """Those of the ids that there are."""
    return await fetch_all(tx, Instance, _GET_ALL, (list(ids),))


async def of_chat(tx: Tx, chat_id: UUID) -> Instance | None:
    """The instance that this chat is of."""
    return await fetch_one(tx, Instance, _OF_CHAT, (chat_id,))


async def of_contact(tx: Tx, contact_id: UUID) -> Instance | None:
    """The instance that knows this person."""
    return await fetch_one(tx, Instance, _OF_CONTACT, (contact_id,))


async def page(tx: Tx, *, only: UUID | None, search: str, after: str | None, limit: int) -> list[Instance]:
    """Up to `limit` instances by name, after that one; `search` is a part of the name or of the phone number.

    Names are compared byte by byte, so whoever has one knows its place.
    """
    return await fetch_all(tx, Instance, _PAGE, {"only": only, "search": search, "after": after, "limit": limit})


async def insert(
    tx: Tx,
    *,
    id: UUID,
    name: str,
    status: str,
    state: str,
    wanted: Wanted,
    deadline: datetime | None,
    webhook_url: str | None,
    engine: str,
    owner_id: UUID | None,
    now: datetime,
) -> Instance | None:
    """The new instance; None when the name is taken."""
    params = {
        "id": id,
        "instance_name": name,
        "status": status,
        "state": state,
        "wanted": wanted,
        "deadline": deadline,
        "webhook_url": webhook_url,
        "engine": engine,
        "owner_id": owner_id,
        "now": now,
    }
    made = await fetch_one(tx, Instance, _INSERT, params)
    if made is None and await find(tx, name) is None:
        raise _swallowed(name)
    return made


async def change(tx: Tx, id: UUID, changes: dict[str, Any], now: datetime) -> Instance | None:
    """Set some of `instance_name`, `webhook_url`, `owner_id`; None when there is no such instance."""
    params = {
        "id": id,
        "now": now,
        "renames": "instance_name" in changes,
        "instance_name": changes.get("instance_name"),
        "rehooks": "webhook_url" in changes,
        "webhook_url": changes.get("webhook_url"),
        "reowns": "owner_id" in changes,
        "owner_id": changes.get("owner_id"),
    }
    return await _kept(tx, id, await fetch_one(tx, Instance, _CHANGE, params))


async def remove_moved(tx: Tx, id: UUID) -> bool:
    """Delete one that went to another database, and what is left of it here; False when there is none."""
    await identities.lock(tx, [id])
    return await execute(tx, "DELETE FROM public.whatsapp_instances WHERE id = %s AND reason = 'moved'", (id,)) == 1


async def want(tx: Tx, id: UUID, wanted: Wanted, now: datetime) -> Instance | None:
    """Write down a wish; None when there is no such instance."""
    return await _kept(tx, id, await fetch_one(tx, Instance, _WANT, {"id": id, "wanted": wanted, "now": now}))


async def _kept(tx: Tx, id: UUID, written: Instance | None) -> Instance | None:
    """The row as it was written; None when there is none. Raises Unavailable when it is there and was not touched."""
    row = await get(tx, id) if written is None else None
    if row is not None:
        raise _swallowed(row.instance_name)
    return written


def _swallowed(name: str) -> Unavailable:
    return Unavailable(
        "write_swallowed",
        f"The database has taken a change of {name} and kept nothing of it.",
        hint="A trigger or a rule on public.whatsapp_instances swallows it.",
    )
