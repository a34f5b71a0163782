"""The phone's address book on the rows of contacts: what people are called there, by the entries of app state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, LiteralString
from uuid import UUID

from recado.domain.app_state import Named, card_of
from recado.domain.contacts import Contact
from recado.domain.jid import PHONE_SERVER

from . import app_state
from .database import Tx
from .recordset import recordset
from .rows import fetch_values

_NAME: Final[LiteralString] = """
UPDATE public.whatsapp_contacts c
SET name = t.name, first_name = t.first_name, is_saved = t.is_saved, updated_at = now()
FROM json_to_recordset(%s::json) AS t (id uuid, name text, first_name text, is_saved boolean)
WHERE c.id = t.id AND (c.name, c.first_name, c.is_saved) IS DISTINCT FROM (t.name, t.first_name, t.is_saved)
RETURNING c.id
"""


async def rename(tx: Tx, contacts: Iterable[Contact], *, forgets: bool = False) -> list[Contact]:
    """Give these people the names that the address book has for them; those for whom that changes something.

    Whoever is not in it keeps the name that they have, or, with `forgets`, loses it.
    """
    people = list(contacts)
    said = await app_state.about(tx, ((one.instance_id, jid) for one in people for jid in jids_of(one)))
    cards = {
        one.id: card_of(meaning for jid in jids_of(one) for meaning in said.get((one.instance_id, jid), ()))
        for one in people
    }
    named = [one for one in people if forgets or cards[one.id] is not None]
    if not named:
        return []
    changed = set(await fetch_values(tx, _NAME, [recordset(_row(one.id, cards[one.id]) for one in named)]))
    return [replace(one, name=card.name if (card := cards[one.id]) else None) for one in named if one.id in changed]


def jids_of(contact: Contact) -> list[str]:
    """All that a person can be called by."""
    jids = [contact.lid] if contact.lid else []
    return [*jids, f"{contact.phone_number}@{PHONE_SERVER}"] if contact.phone_number else jids


def _row(id: UUID, card: Named | None) -> dict[str, object]:
    return {
        "id": id,
        "name": card.name if card else None,
        "first_name": card.first_name if card else None,
        "is_saved": card is not None,
    }
