"""People by name, those without one last; searched by any of their names and by number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from recado.domain.overviews import Person

from .chat_lists import digits_of
from .contacts import contact_of
from .database import Tx
from .plain_text import plain

_SORTED: Final = 40
_COLUMNS: Final = """
c.first_name, c.is_saved, h.id, c.created_at, c.updated_at, c.picture_id,
c.id, c.instance_id, c.phone_number, c.lid, c.name, c.push_name, c.business_name
"""
_CHAT: Final = "LEFT JOIN public.whatsapp_chats h ON h.contact_id = c.id AND h.merged_into IS NULL"
_NAME: Final = f'left({plain("coalesce(c.name, c.business_name, c.push_name)")}, {_SORTED}) COLLATE "C"'
_KEY: Final = f"({_NAME} IS NULL, coalesce({_NAME}, ''), c.id)"
_NAMES: Final = plain("concat_ws(' ', c.name, c.first_name, c.business_name, c.push_name)")
_LIST: Final = f"""
SELECT {_NAME}, {_COLUMNS}
FROM public.whatsapp_contacts c {_CHAT}
WHERE c.merged_into IS NULL {{of}}
  AND (%(is_saved)s::boolean IS NULL OR c.is_saved = %(is_saved)s)
  AND (%(has_chat)s::boolean IS NULL OR (h.id IS NOT NULL) = %(has_chat)s)
  AND (%(name)s::text IS NULL OR position({plain("%(name)s")} IN {_NAMES}) > 0
    OR %(digits)s::text <> '' AND position(%(digits)s IN concat_ws(' ', c.phone_number, c.lid)) > 0)
  AND (%(id)s::uuid IS NULL OR {_KEY} > (%(after_name)s::text IS NULL, coalesce(%(after_name)s, ''), %(id)s::uuid))
ORDER BY {_KEY} LIMIT %(limit)s
"""
_GET: Final = f"""
SELECT {_COLUMNS}
FROM public.whatsapp_contacts a JOIN public.whatsapp_contacts c ON c.id = coalesce(a.merged_into, a.id) {_CHAT}
WHERE a.instance_id = %s AND a.id = %s
"""


async def listed(
    tx: Tx,
    instance_id: UUID | None,
    *,
    is_saved: bool | None,
    has_chat: bool | None = None,
    search: str | None,
    after: tuple[str | None, UUID] | None,
    limit: int,
) -> list[tuple[str | None, Person]]:
    """Of one instance, or of all, each with what it is sorted by; `after` is that and the id of the last one seen."""
    name, id = after or (None, None)
    params = {
        "instance_id": instance_id,
        "is_saved": is_saved,
        "has_chat": has_chat,
        "name": search,
        "digits": digits_of(search),
        "after_name": name,
        "id": id,
        "limit": limit,
    }
    only = "AND c.instance_id = %(instance_id)s" if instance_id is not None else ""
    cursor = await tx.execute(_LIST.format(of=only), params)
    return [(name, _person(row)) for name, *row in await cursor.fetchall()]


async def get(tx: Tx, instance_id: UUID, id: UUID) -> Person | None:
    """By their id or by the id of one that was merged into theirs."""
    cursor = await tx.execute(_GET, [instance_id, id])
    row = await cursor.fetchone()
    return _person(row) if row else None


def _person(row: Sequence[Any]) -> Person:
    first_name, is_saved, chat_id, created_at, updated_at, picture_id, *contact = row
    return Person(
        contact=contact_of(contact),
        first_name=first_name,
        is_saved=is_saved,
        chat_id=chat_id,
        created_at=created_at,
        updated_at=updated_at,
        picture_id=picture_id,
    )
