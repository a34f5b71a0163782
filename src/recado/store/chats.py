"""The rows of `whatsapp_chats`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.domain.chats import Chat
from recado.domain.contacts import Contact

from .contacts import contact_of
from .database import Tx
from .recordset import recordset

_OF_CONTACTS = """
SELECT id, name, last_message_at, contact_id FROM public.whatsapp_chats
WHERE contact_id = ANY(%s) AND merged_into IS NULL
"""
_CREATE = """
INSERT INTO public.whatsapp_chats (id, instance_id, kind, contact_id, jid)
SELECT id, instance_id, kind, contact_id, jid
FROM json_to_recordset(%s::json) AS t (id uuid, instance_id uuid, kind text, contact_id uuid, jid text)
"""
COLUMNS = """
h.id, h.instance_id, h.kind, h.jid, h.name, h.unread_count, h.last_message_id, h.last_message_at, h.is_archived,
h.pinned_at, CASE h.muted_until WHEN 'infinity' THEN '9999-12-31T23:59:59.999Z' ELSE h.muted_until END,
p.id, p.instance_id, p.phone_number, p.lid, p.name, p.push_name, p.business_name
"""
_GET = f"""
SELECT {COLUMNS}
FROM public.whatsapp_chats a JOIN public.whatsapp_chats h ON h.id = coalesce(a.merged_into, a.id)
LEFT JOIN public.whatsapp_contacts p ON p.id = h.contact_id
WHERE a.instance_id = %s AND a.id = %s
"""


async def of_contacts(tx: Tx, contacts: Iterable[Contact]) -> list[Chat]:
    """The chats with these people, as far as there are any."""
    people = {contact.id: contact for contact in contacts}
    cursor = await tx.execute(_OF_CONTACTS, [list(people)])
    return [chat_with(people[person], id, name, at) for id, name, at, person in await cursor.fetchall()]


def chat_with(contact: Contact, id: UUID, name: str | None = None, last_message_at: datetime | None = None) -> Chat:
    return Chat(
        id=id,
        instance_id=contact.instance_id,
        kind="person",
        contact=contact,
        jid=None,
        name=name,
        last_message_at=last_message_at,
    )


async def create(tx: Tx, chats: Iterable[Chat]) -> None:
    await tx.execute(
        _CREATE,
        [
            recordset(
                {
                    "id": chat.id,
                    "instance_id": chat.instance_id,
                    "kind": chat.kind,
                    "contact_id": chat.contact.id if chat.contact else None,
                    "jid": chat.jid,
                }
                for chat in chats
            )
        ],
    )


async def get_chat(tx: Tx, instance_id: UUID, id: UUID) -> Chat | None:
    """By its id or by the id of one that was merged into it."""
    cursor = await tx.execute(_GET, [instance_id, id])
    row = await cursor.fetchone()
    return chat_of(row) if row else None


def chat_of(columns: Sequence[Any]) -> Chat:
    """From COLUMNS."""
    id, instance_id, kind, jid, name, unread, last_id, last_at, archived, pinned, muted, *person = columns
    return Chat(
        id=id,
        instance_id=instance_id,
        kind=kind,
        contact=contact_of(person) if person[0] is not None else None,
        jid=jid,
        name=name,
        unread_count=unread,
        last_message_id=last_id,
        last_message_at=last_at,
        is_archived=archived,
        pinned_at=pinned,
        muted_until=muted,
    )
