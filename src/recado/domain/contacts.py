"""A person as one instance knows them: one id of ours, phone number and LID as attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A row of `whatsapp_contacts`. `phone_number` is digits only, `lid` is `123@lid`; at least one is known."""

    id: UUID
    instance_id: UUID
    phone_number: str | None
    lid: str | None
    name: str | None = None
    push_name: str | None = None
    business_name: str | None = None

    @property
    def shown_name(self) -> str | None:
        """The name that the owner gave, else the one that the person goes by."""
        return self.name or self.business_name or self.push_name


def contact_json(contact: Contact) -> dict[str, Any]:
    """A person on every way out: API and events."""
    return {
        "id": str(contact.id),
        "phone_number": contact.phone_number,
        "lid": contact.lid,
        "name": contact.shown_name,
    }
