"""How chats are kept on the phone (archived, pinned, muted, marked as unread), by the entries of app state."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, LiteralString
from uuid import UUID

from recado.domain.app_state import Archived, Flags, Marked, Meaning, Muted, Pinned, flags_of
from recado.domain.chats import FOREVER, Chat
from recado.domain.jid import PHONE_SERVER, identity_of

from . import app_state
from .address_book import jids_of
from .chats import COLUMNS, chat_of
from .database import Tx
from .recordset import recordset
from .rows import fetch_all, fetch_values

_AT: Final[LiteralString] = """
WITH asked AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%s::json) AS t (instance_id uuid, jid text, phone text, lid text)
)
SELECT h.id, h.instance_id, h.jid, c.phone_number, c.lid
FROM asked a JOIN public.whatsapp_contacts c ON c.instance_id = a.instance_id AND c.phone_number = a.phone
JOIN public.whatsapp_chats h ON h.contact_id = c.id AND h.merged_into IS NULL
UNION
SELECT h.id, h.instance_id, h.jid, c.phone_number, c.lid
FROM asked a JOIN public.whatsapp_contacts c ON c.instance_id = a.instance_id AND c.lid = a.lid
JOIN public.whatsapp_chats h ON h.contact_id = c.id AND h.merged_into IS NULL
UNION
SELECT h.id, h.instance_id, h.jid, NULL, NULL
FROM asked a JOIN public.whatsapp_chats h ON h.instance_id = a.instance_id AND h.jid = a.jid AND h.merged_into IS NULL
"""
_SET: Final[LiteralString] = """
WITH told AS MATERIALIZED (
  SELECT * FROM json_to_recordset(%s::json) AS t (id uuid, archive_told boolean, is_archived boolean,
    pin_told boolean, pinned_at timestamptz, mute_told boolean, muted_until timestamptz,
    mark_told boolean, read_until timestamptz)
), wanted AS MATERIALIZED (
  SELECT h.id,
    CASE WHEN archive_told THEN t.is_archived ELSE h.is_archived END AS is_archived,
    CASE WHEN pin_told THEN t.pinned_at ELSE h.pinned_at END AS pinned_at,
    CASE WHEN mute_told THEN t.muted_until ELSE h.muted_until END AS muted_until,
    CASE WHEN mark_told THEN t.read_until IS NULL ELSE h.is_marked_unread END AS is_marked_unread,
    CASE WHEN t.read_until IS NULL THEN h.unread_count ELSE least(h.unread_count, (
      SELECT count(*) FROM public.whatsapp_messages m
      WHERE m.chat_id = h.id AND NOT m.from_me AND m.sent_at > t.read_until)) END AS unread_count
  FROM told t JOIN public.whatsapp_chats h ON h.id = t.id
)
UPDATE public.whatsapp_chats h
SET is_archived = w.is_archived, pinned_at = w.pinned_at, muted_until = w.muted_until,
  is_marked_unread = w.is_marked_unread, unread_count = w.unread_count, updated_at = now()
FROM wanted w
WHERE h.id = w.id AND (h.is_archived, h.pinned_at, h.muted_until, h.is_marked_unread, h.unread_count)
  IS DISTINCT FROM (w.is_archived, w.pinned_at, w.muted_until, w.is_marked_unread, w.unread_count)
RETURNING h.id
"""
_SHOWN = f"""
SELECT {COLUMNS}, h.is_marked_unread
FROM public.whatsapp_chats h LEFT JOIN public.whatsapp_contacts p ON p.id = h.contact_id
WHERE h.id = ANY(%s) ORDER BY h.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A chat and all that it can be called by."""

    chat_id: UUID
    instance_id: UUID
    jids: tuple[str, ...]


def spot_of(chat: Chat) -> Spot:
    jids = jids_of(chat.contact) if chat.contact else [chat.jid or ""]
    return Spot(chat_id=chat.id, instance_id=chat.instance_id, jids=tuple(jids))


async def spots(tx: Tx, subjects: Iterable[tuple[UUID, str]]) -> list[Spot]:
    """The chats that there are of these JIDs (instance, JID)."""
    rows = []
    for instance_id, jid in subjects:
        who = identity_of(jid)
        rows.append({"instance_id": instance_id, "jid": jid, "phone": who.phone, "lid": who.lid})
    found = await fetch_all(tx, _Found, _AT, [recordset(rows)]) if rows else []
    return [one.spot for one in found]


async def heed(tx: Tx, spots: Collection[Spot], *, marks: bool) -> list[UUID]:
    """Keep these chats as the entries of app state have it; those for which that changes something.

    What there is no entry of stays as it is. `marks`: also what was read, or marked as unread.
    """
    said = await app_state.about(tx, ((spot.instance_id, jid) for spot in spots for jid in spot.jids))
    flags = {
        spot.chat_id: flags_of(meaning for jid in spot.jids for meaning in said.get((spot.instance_id, jid), ()))
        for spot in spots
    }
    return await _write(tx, [_row(id, one, marks=marks) for id, one in flags.items() if not one.is_silent])


async def forget(tx: Tx, spots: Collection[Spot], gone: Collection[Meaning]) -> list[UUID]:
    """Entries are gone: take back what they had set, as far as no other says it; the chats that this changes."""
    said = await app_state.about(tx, ((spot.instance_id, jid) for spot in spots for jid in spot.jids))
    rows = []
    for spot in spots:
        left = flags_of(meaning for jid in spot.jids for meaning in said.get((spot.instance_id, jid), ()))
        lost = [one for one in gone if not isinstance(one, Marked) and getattr(one, "subject", None) in spot.jids]
        row = _row(spot.chat_id, left, marks=False)
        for kind, told in ((Archived, "archive_told"), (Pinned, "pin_told"), (Muted, "mute_told")):
            row[told] = row[told] or any(isinstance(one, kind) for one in lost)
        rows.append(row)
    return await _write(tx, rows)


async def shown(tx: Tx, ids: Collection[UUID]) -> list[tuple[Chat, bool]]:
    """These chats as they are now, each with whether it is marked as unread."""
    cursor = await tx.execute(_SHOWN, [list(ids)])
    return [(chat_of(row[:-1]), row[-1]) for row in await cursor.fetchall()]


async def _write(tx: Tx, rows: list[dict[str, Any]]) -> list[UUID]:
    return await fetch_values(tx, _SET, [recordset(rows)]) if rows else []


def _row(chat_id: UUID, flags: Flags, *, marks: bool) -> dict[str, Any]:
    until = flags.muted.until if flags.muted else None
    marked = flags.marked if marks else None
    return {
        "id": chat_id,
        "archive_told": flags.archived is not None,
        "is_archived": flags.archived is not None and flags.archived.is_archived,
        "pin_told": flags.pinned is not None,
        "pinned_at": flags.pinned.pinned_at if flags.pinned else None,
        "mute_told": flags.muted is not None,
        "muted_until": "infinity" if until == FOREVER else until,
        "mark_told": marked is not None,
        "read_until": marked.read_until if marked else None,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    id: UUID
    instance_id: UUID
    jid: str | None
    phone_number: str | None
    lid: str | None

    @property
    def spot(self) -> Spot:
        phone = f"{self.phone_number}@{PHONE_SERVER}" if self.phone_number else None
        names = (self.jid, self.lid, phone)
        return Spot(chat_id=self.id, instance_id=self.instance_id, jids=tuple(name for name in names if name))
