"""The rows of `whatsapp_contacts`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from recado.domain.contacts import Contact

from .database import Tx
from .recordset import recordset

_CREATE = """
INSERT INTO public.whatsapp_contacts (id, instance_id, phone_number, lid, push_name)
SELECT id, instance_id, phone_number, lid, push_name
FROM json_to_recordset(%s::json) AS t (id uuid, instance_id uuid, phone_number text, lid text, push_name text)
"""
_RELEASE = """
UPDATE public.whatsapp_contacts SET phone_number = NULL, updated_at = now() WHERE id = ANY(%s)
"""
_CHANGE = """
UPDATE public.whatsapp_contacts c
SET phone_number = t.phone_number, lid = t.lid, name = t.name, push_name = t.push_name,
  business_name = t.business_name, updated_at = now()
FROM json_to_recordset(%s::json)
  AS t (id uuid, phone_number text, lid text, name text, push_name text, business_name text)
WHERE c.id = t.id
"""
_BY_IDS = """
SELECT id, instance_id, phone_number, lid, name, push_name, business_name FROM public.whatsapp_contacts
WHERE id = ANY(%s)
"""
_GET = """
SELECT s.id, s.instance_id, s.phone_number, s.lid, s.name, s.push_name, s.business_name
FROM public.whatsapp_contacts c JOIN public.whatsapp_contacts s ON s.id = coalesce(c.merged_into, c.id)
WHERE c.instance_id = %s AND c.id = %s
"""


def contact_of(columns: Sequence[Any]) -> Contact:
    """From id, instance_id, phone_number, lid, name, push_name, business_name."""
    id, instance_id, phone_number, lid, name, push_name, business_name = columns
    return Contact(
        id=id,
        instance_id=instance_id,
        phone_number=phone_number,
        lid=lid,
        name=name,
        push_name=push_name,
        business_name=business_name,
    )


async def create(tx: Tx, contacts: Iterable[Contact]) -> None:
    await tx.execute(_CREATE, [recordset(_row(contact) for contact in contacts)])


async def change(tx: Tx, contacts: Iterable[Contact], *, released: Sequence[UUID] = ()) -> None:
    """Write number, LID and names; first take the number from who has lost it."""
    if released:
        await tx.execute(_RELEASE, [list(released)])
    await tx.execute(_CHANGE, [recordset(_row(contact) for contact in contacts)])


async def by_ids(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Contact]:
    """Those of them that there are, as they are."""
    if not ids:
        return {}
    cursor = await tx.execute(_BY_IDS, [list(ids)])
    return {row[0]: contact_of(row) for row in await cursor.fetchall()}


async def get_contact(tx: Tx, instance_id: UUID, id: UUID) -> Contact | None:
    """By its id or by the id of one that was merged into it."""
    cursor = await tx.execute(_GET, [instance_id, id])
    row = await cursor.fetchone()
    return contact_of(row) if row else None


def _row(contact: Contact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "instance_id": contact.instance_id,
        "phone_number": contact.phone_number,
        "lid": contact.lid,
        "name": contact.name,
        "push_name": contact.push_name,
        "business_name": contact.business_name,
    }
