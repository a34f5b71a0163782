"""What is known already about somebody that a message shall go to."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from recado.domain.jid import Identity

from .database import Tx

# Only WhatsApp itself says which LID a number has; a number without one may be a guess.
_PROVEN = """
SELECT phone_number, lid FROM public.whatsapp_contacts
WHERE instance_id = %s AND phone_number = ANY (%s) AND lid IS NOT NULL
ORDER BY array_position(%s, phone_number) LIMIT 1
"""


async def find_proven(tx: Tx, instance_id: UUID, phones: Sequence[str]) -> Identity | None:
    """Who has one of these numbers (digits), the first of them before the others, if WhatsApp has confirmed it."""
    cursor = await tx.execute(_PROVEN, (instance_id, list(phones), list(phones)))
    row = await cursor.fetchone()
    return Identity(phone=row[0], lid=row[1]) if row else None
