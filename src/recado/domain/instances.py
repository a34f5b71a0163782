"""An instance: one WhatsApp number, what is wanted of it and what is so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from .jid import identity_of

Status = Literal["connected", "connecting", "disconnected"]
Wanted = Literal["running", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A row of `whatsapp_instances`, without its QR picture."""

    id: UUID
    instance_name: str
    status: Status
    state: str
    reason: str | None
    user_action: str | None
    wanted: Wanted
    wanted_at: datetime
    attempt: int
    next_at: datetime | None
    deadline: datetime | None
    since: datetime
    checked_at: datetime | None
    last_activity_at: datetime | None
    phone_number: str | None
    lid: str | None
    push_name: str | None
    platform: str | None
    webhook_url: str | None
    engine: str
    owner_id: UUID | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """Whose session it is, as the network says: phone number in digits, LID, name, platform. None: not said."""

    phone_number: str | None = None
    lid: str | None = None
    push_name: str | None = None
    platform: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is remembered of a linked phone: when it agreed, its last sign, the last backup; None: not known.

    `backup_file` is a path on the machine that made it.
    """

    paired_at: datetime | None = None
    phone_seen_at: datetime | None = None
    backup_at: datetime | None = None
    backup_file: str | None = None


def id_of(session: str) -> UUID | None:
    """The instance behind the name that an engine knows it by; None when it is none of ours."""
    try:
        return UUID(session)
    except ValueError:
        return None


def linked_of(jid: str | None, lid: str | None, push_name: str | None, platform: str | None) -> Linked:
    """Read from the JIDs of its device; what is empty counts as not said."""
    identity = identity_of(jid, lid)
    return Linked(phone_number=identity.phone, lid=identity.lid, push_name=push_name or None, platform=platform or None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """A code to scan (`qr`, raw text) or to type into the phone (`code`), and when it ends."""

    method: Literal["qr", "code", "passkey"]
    code: str
    phone: str | None
    expires_at: datetime
