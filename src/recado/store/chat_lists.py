"""Chats as WhatsApp lists them, of one instance or of all: the pinned ones, then the last used; searched by name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from recado.domain.overviews import ChatOverview, LastMessage, Unread

from . import chats, media
from .contacts import contact_of
from .database import Tx
from .plain_text import plain

_COLUMNS: Final = f"""
SELECT coalesce(p.picture_id, h.picture_id), coalesce(p.picture_at, h.picture_at),
  h.is_marked_unread, h.description, h.left_at, h.has_older, h.last_tiebreak,
  m.id, m.wa_id, m.from_me, m.kind, m.text, m.details, m.sent_at, m.status, {media.COLUMNS},
  s.id, s.instance_id, s.phone_number, s.lid, s.name, s.push_name, s.business_name, {chats.COLUMNS}
"""
_JOINS: Final = """
LEFT JOIN public.whatsapp_contacts p ON p.id = h.contact_id
LEFT JOIN public.whatsapp_messages m ON m.id = h.last_message_id
LEFT JOIN public.whatsapp_media f ON f.message_id = m.id
LEFT JOIN public.whatsapp_contacts s ON s.id = m.sender_id
"""
_NAMES: Final = plain("concat_ws(' ', h.name, p.name, p.first_name, p.business_name, p.push_name)")
_NUMBERS: Final = "concat_ws(' ', p.phone_number, p.lid, h.jid)"
_RECENT: Final = "coalesce(h.last_message_at, '-infinity'::timestamptz)"
_ORDER: Final = f"ORDER BY {_RECENT} DESC, h.last_tiebreak DESC, h.id DESC LIMIT %(limit)s"
_BEHIND: Final = f"""
  AND ({_RECENT}, h.last_tiebreak, h.id)
    < (coalesce(%(at)s::timestamptz, '-infinity'), %(tiebreak)s::bigint, %(id)s::uuid)
"""
_SEARCHED: Final = f"""
  AND (position({plain("%(search)s::text")} IN {_NAMES}) > 0
    OR %(digits)s::text <> '' AND position(%(digits)s IN {_NUMBERS}) > 0)
"""
_WANTED: Final = {
    "instance_id": "AND h.instance_id = %(instance_id)s",
    "is_archived": "AND h.is_archived = %(is_archived)s",
    "is_unread": "AND (h.unread_count > 0 OR h.is_marked_unread) = %(is_unread)s",
    "kind": "AND h.kind = %(kind)s",
    "search": _SEARCHED,
}
_LIST: Final = f"""
{_COLUMNS} FROM ({{parts}}) page JOIN public.whatsapp_chats h ON h.id = page.id {_JOINS}
ORDER BY h.pinned_at IS NULL, {_RECENT} DESC, h.last_tiebreak DESC, h.id DESC LIMIT %(limit)s
"""
_SOME: Final = f"""
{_COLUMNS} FROM public.whatsapp_chats h {_JOINS} 
WHERE (h.id = ANY (%s) OR h.contact_id = ANY (%s)) AND h.merged_into IS NULL
"""
_GET: Final = f"""
{_COLUMNS} FROM public.whatsapp_chats a JOIN public.whatsapp_chats h ON h.id = coalesce(a.merged_into, a.id) {_JOINS}
WHERE a.instance_id = %s AND a.id = %s
"""
_UNREAD: Final = """
SELECT count(*), coalesce(sum(unread_count), 0) FROM public.whatsapp_chats h
WHERE merged_into IS NULL AND (unread_count > 0 OR is_marked_unread)
"""


async def listed(
    tx: Tx,
    instance_id: UUID | None,
    *,
    is_archived: bool | None,
    is_unread: bool | None,
    kind: str | None,
    search: str | None,
    after: tuple[Any, ...] | None,
    limit: int,
) -> list[ChatOverview]:
    """`after` is (is pinned, `last_message_at`, tiebreak, id) of the last one seen. What is None is left open."""
    is_pinned, at, tiebreak, id = after or (True, None, None, None)
    wanted = {
        "instance_id": instance_id,
        "is_archived": is_archived,
        "is_unread": is_unread,
        "kind": kind,
        "search": search,
    }
    place = {"at": at, "tiebreak": tiebreak, "id": id, "digits": digits_of(search), "limit": limit}
    said = " ".join(_WANTED[name] for name, value in wanted.items() if value is not None)
    parts = [_part("h.pinned_at IS NULL", said, is_behind=not is_pinned)]
    if is_pinned:
        parts.insert(0, _part("h.pinned_at IS NOT NULL", said, is_behind=after is not None))
    cursor = await tx.execute(_LIST.format(parts=" UNION ALL ".join(parts)), wanted | place)
    return [_overview(row) for row in await cursor.fetchall()]


async def get(tx: Tx, instance_id: UUID, id: UUID) -> ChatOverview | None:
    """By its id or by the id of one that was merged into it."""
    cursor = await tx.execute(_GET, [instance_id, id])
    row = await cursor.fetchone()
    return _overview(row) if row else None


async def some(tx: Tx, ids: Collection[UUID], contact_ids: Collection[UUID] = ()) -> list[ChatOverview]:
    """Those of these chats that there are, and those with these people, of any instances, in no order."""
    cursor = await tx.execute(_SOME, [list(ids), list(contact_ids)])
    return [_overview(row) for row in await cursor.fetchall()]


async def unread(tx: Tx, instance_id: UUID | None) -> Unread:
    """Of one instance, or of all."""
    only = _WANTED["instance_id"] if instance_id is not None else ""
    cursor = await tx.execute(f"{_UNREAD} {only}", {"instance_id": instance_id})
    [row] = await cursor.fetchall()
    return Unread(chats=row[0], messages=row[1])


def digits_of(search: str | None) -> str:
    """The number that somebody looks for, however it is written; empty when it is none."""
    digits = "".join(one for one in search or "" if one.isascii() and one.isdigit())
    return digits if len(digits) >= 3 and not any(one.isalpha() for one in search or "") else ""


def _part(which: str, wanted: str, *, is_behind: bool) -> str:
    """The ids of the next page of those that are pinned, or of the others, as an index has them."""
    person = "LEFT JOIN public.whatsapp_contacts p ON p.id = h.contact_id" if _SEARCHED in wanted else ""
    behind = _BEHIND if is_behind else ""
    return f"""
(SELECT h.id FROM public.whatsapp_chats h {person} WHERE h.merged_into IS NULL AND {which} {wanted} {behind} {_ORDER})
"""


def _overview(row: Sequence[Any]) -> ChatOverview:
    picture_id, picture_at, is_marked_unread, description, left_at, has_older, tiebreak, *rest = row
    message, file, person, chat = rest[:8], rest[8 : 8 + media.COUNT], rest[8 + media.COUNT :][:7], rest[-18:]
    return ChatOverview(
        chat=chats.chat_of(chat),
        is_marked_unread=is_marked_unread,
        description=description,
        left_at=left_at,
        has_older=has_older,
        tiebreak=tiebreak,
        last=_last(message, file, person) if message[0] is not None else None,
        picture_id=picture_id,
        picture_at=picture_at,
    )


def _last(message: Sequence[Any], file: Sequence[Any], person: Sequence[Any]) -> LastMessage:
    id, wa_id, from_me, kind, text, details, sent_at, status = message
    return LastMessage(
        id=id,
        wa_id=wa_id,
        from_me=from_me,
        sender=contact_of(person) if person[0] is not None else None,
        kind=kind,
        text=text,
        details=details,
        media=media.media_of(file),
        sent_at=sent_at,
        status=status,
    )
