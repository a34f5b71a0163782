"""Groups: the chats of that kind, how they are set, and who is in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from recado.domain.contacts import Contact
from recado.domain.groups import GroupState, GroupView
from recado.domain.jid import Identity

from .chats import COLUMNS, chat_of
from .contacts import contact_of
from .database import Tx
from .recordset import recordset
from .rows import execute, fetch_value, fetch_values

_LOAD: Final[LiteralString] = """
SELECT h.id, h.name, h.description, h.owner_id, h.is_announce, h.is_locked, h.ephemeral_seconds, h.left_at,
  coalesce((SELECT json_object_agg(g.contact_id, g.role) FROM public.whatsapp_group_members g WHERE g.chat_id = h.id),
    '{}')
FROM public.whatsapp_chats h WHERE h.id = ANY(%s)
"""
_SAVE: Final[LiteralString] = """
UPDATE public.whatsapp_chats h
SET name = t.name, description = t.description, owner_id = t.owner_id, is_announce = t.is_announce,
  is_locked = t.is_locked, ephemeral_seconds = t.ephemeral_seconds, left_at = t.left_at, updated_at = now()
FROM json_to_recordset(%s::json) AS t (id uuid, name text, description text, owner_id uuid, is_announce boolean,
  is_locked boolean, ephemeral_seconds integer, left_at timestamptz)
WHERE h.id = t.id
"""
_PUT: Final[LiteralString] = """
INSERT INTO public.whatsapp_group_members AS g (chat_id, contact_id, instance_id, role)
SELECT h.id, t.contact_id, h.instance_id, t.role
FROM json_to_recordset(%s::json) AS t (chat_id uuid, contact_id uuid, role text)
JOIN public.whatsapp_chats h ON h.id = t.chat_id
ON CONFLICT (chat_id, contact_id) DO UPDATE SET role = excluded.role
"""
_TAKE: Final[LiteralString] = """
DELETE FROM public.whatsapp_group_members g
USING json_to_recordset(%s::json) AS t (chat_id uuid, contact_id uuid)
WHERE g.chat_id = t.chat_id AND g.contact_id = t.contact_id
"""
_OWN: Final[LiteralString] = """
SELECT id, phone_number, lid FROM public.whatsapp_instances WHERE id = ANY(%s)
"""
_LIVING: Final[LiteralString] = """
SELECT id FROM public.whatsapp_chats
WHERE instance_id = %s AND kind = 'group' AND left_at IS NULL AND merged_into IS NULL
"""
_LISTED: Final[LiteralString] = """
INSERT INTO recado.group_lists (instance_id, listed_at) VALUES (%s, %s)
ON CONFLICT (instance_id) DO UPDATE SET listed_at = excluded.listed_at
"""
_UNDESCRIBED: Final[LiteralString] = """
SELECT NOT EXISTS (
  SELECT FROM public.whatsapp_chats h JOIN public.whatsapp_group_members g ON g.chat_id = h.id
  WHERE h.instance_id = %s AND h.jid = %s AND h.merged_into IS NULL)
"""
_VIEW = f"""
SELECT {COLUMNS}, o.id, o.instance_id, o.phone_number, o.lid, o.name, o.push_name, o.business_name,
  h.description, h.is_announce, h.is_locked, h.ephemeral_seconds, h.left_at,
  (SELECT count(*) FROM public.whatsapp_group_members g WHERE g.chat_id = h.id)
FROM public.whatsapp_chats h LEFT JOIN public.whatsapp_contacts p ON p.id = h.contact_id
LEFT JOIN public.whatsapp_contacts o ON o.id = h.owner_id
WHERE h.instance_id = %(instance_id)s AND h.kind = 'group' AND h.merged_into IS NULL
"""
_LIST = f"""{_VIEW}
  AND (%(after)s::uuid IS NULL OR h.id > %(after)s)
ORDER BY h.id LIMIT %(limit)s
"""
_GET = f"{_VIEW} AND h.id = %(id)s"
_MEMBERS: Final[LiteralString] = """
SELECT c.id, c.instance_id, c.phone_number, c.lid, c.name, c.push_name, c.business_name, g.role
FROM public.whatsapp_group_members g JOIN public.whatsapp_contacts c ON c.id = g.contact_id
WHERE g.chat_id = %s ORDER BY coalesce(c.name, c.business_name, c.push_name), c.id
"""


async def load(tx: Tx, chat_ids: Collection[UUID]) -> dict[UUID, GroupState]:
    """These groups as they are."""
    rows = await (await tx.execute(_LOAD, [list(chat_ids)])).fetchall()
    return {
        id: GroupState(
            subject=name,
            description=description,
            owner_id=owner_id,
            is_announce=is_announce,
            is_locked=is_locked,
            ephemeral_seconds=seconds,
            left_at=left_at,
            members={UUID(contact): role for contact, role in members.items()},
        )
        for id, name, description, owner_id, is_announce, is_locked, seconds, left_at, members in rows
    }


async def save(tx: Tx, before: Mapping[UUID, GroupState], after: Mapping[UUID, GroupState]) -> None:
    """Write what is other than before."""
    rows = [_row(id, state) for id, state in after.items() if _row(id, state) != _row(id, before[id])]
    put, gone = [], []
    for id, state in after.items():
        was = before[id].members
        put += [_member(id, one, role=role) for one, role in state.members.items() if was.get(one) != role]
        gone += [_member(id, one) for one in was.keys() - state.members.keys()]
    for statement, parts in ((_SAVE, rows), (_PUT, put), (_TAKE, gone)):
        if parts:
            await execute(tx, statement, [recordset(parts)])


async def own(tx: Tx, instance_ids: Collection[UUID]) -> dict[UUID, Identity]:
    """Who these instances are themselves."""
    rows = await (await tx.execute(_OWN, [list(instance_ids)])).fetchall()
    return {id: Identity(phone=phone, lid=lid) for id, phone, lid in rows}


async def living(tx: Tx, instance_id: UUID) -> set[UUID]:
    """The groups that this number is in, as far as is known."""
    return set(await fetch_values(tx, _LIVING, [instance_id]))


async def listed_at(tx: Tx, instance_id: UUID) -> datetime | None:
    """When the list of all groups was last read."""
    moment = await fetch_value(tx, "SELECT listed_at FROM recado.group_lists WHERE instance_id = %s", [instance_id])
    return moment if isinstance(moment, datetime) else None


async def note_listed(tx: Tx, instance_id: UUID, now: datetime) -> None:
    await execute(tx, _LISTED, [instance_id, now])


async def is_undescribed(tx: Tx, instance_id: UUID, jid: str) -> bool:
    """Whether it is not known who is in that group."""
    return bool(await fetch_value(tx, _UNDESCRIBED, [instance_id, jid]))


async def list_groups(tx: Tx, instance_id: UUID, *, after: UUID | None, limit: int) -> list[GroupView]:
    """Whichever was heard of first comes first, without their members."""
    cursor = await tx.execute(_LIST, {"instance_id": instance_id, "after": after, "limit": limit})
    return [_view(row) for row in await cursor.fetchall()]


async def get_group(tx: Tx, instance_id: UUID, id: UUID) -> GroupView | None:
    """With its members, in the order of their names."""
    row = await (await tx.execute(_GET, {"instance_id": instance_id, "id": id})).fetchone()
    if row is None:
        return None
    members = await (await tx.execute(_MEMBERS, [id])).fetchall()
    return _view(row, [(contact_of(columns[:7]), columns[7]) for columns in members])


def _view(row: tuple[Any, ...], members: Iterable[tuple[Contact, str]] = ()) -> GroupView:
    chat, owner, (description, is_announce, is_locked, seconds, left_at, count) = row[:-13], row[-13:-6], row[-6:]
    return GroupView(
        chat=chat_of(chat),
        description=description,
        owner=contact_of(owner) if owner[0] is not None else None,
        is_announce=is_announce,
        is_locked=is_locked,
        ephemeral_seconds=seconds,
        left_at=left_at,
        member_count=count,
        members=tuple(members),
    )


def _row(id: UUID, state: GroupState) -> dict[str, Any]:
    return {
        "id": id,
        "name": state.subject,
        "description": state.description,
        "owner_id": state.owner_id,
        "is_announce": state.is_announce,
        "is_locked": state.is_locked,
        "ephemeral_seconds": state.ephemeral_seconds,
        "left_at": state.left_at,
    }


def _member(chat_id: UUID, contact_id: UUID, **fields: str) -> dict[str, Any]:
    return {"chat_id": chat_id, "contact_id": contact_id, **fields}
