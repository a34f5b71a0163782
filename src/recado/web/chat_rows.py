"""Chats, people and found messages as rows of the list beside a conversation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from markupsafe import Markup

from recado.domain.access import Access
from recado.domain.contacts import Contact
from recado.domain.instances import Instance
from recado.domain.overviews import ChatOverview, Person
from recado.domain.summaries import summary
from recado.services.reading.inbox import Inbox, Listed
from recado.services.reading.messages import Hit

from .chat_filter import ChatFilter
from .look import Look
from .names import chat_name, hue, initials, person_name, shown_phone
from .written import highlighted

_EARLIEST: Final = 1 << 63
_MANY: Final = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """A picture, or initials in a colour where there is none."""

    initials: str
    hue: int
    kind: str
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRow:
    """`order` sorts as the list does, the greatest first; `last` is the last message, `status` that of your own."""

    id: UUID
    href: str
    order: str
    face: Face
    name: str
    instance: str
    time: str
    full: str
    iso: str
    who: str
    last: str
    status: str
    unread: str
    is_marked: bool
    is_pinned: bool
    is_muted: bool
    is_picture_unknown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    href: str
    face: Face
    name: str
    about: str
    instance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRow:
    """A message that was found; `text` has the places marked."""

    href: str
    face: Face
    name: str
    who: str
    text: Markup
    time: str
    full: str
    instance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lister:
    """What rows are drawn with. Instances are named where there are several."""

    look: Look
    now: datetime
    wanted: ChatFilter
    names_instances: bool

    def chats(self, listed: Listed[ChatOverview]) -> list[ChatRow]:
        return [self._chat(one, listed.instances) for one in listed.page.items]

    def people(self, listed: Listed[Person]) -> list[PersonRow]:
        return [self._person(one, listed.instances) for one in listed.page.items]

    def hits(self, listed: Listed[Hit]) -> list[HitRow]:
        return [self._hit(one, listed.instances) for one in listed.page.items]

    def _chat(self, row: ChatOverview, owners: Mapping[UUID, Instance]) -> ChatRow:
        chat, last, look = row.chat, row.last, self.look
        owner, at, name = owners.get(chat.instance_id), chat.last_message_at, chat_name(row.chat, self.look)
        return ChatRow(
            id=chat.id,
            href=f"/chats/{chat.id}{self.wanted.query}",
            order=order_of(row),
            face=face_of_chat(row, name),
            name=name,
            instance=self._named(owner),
            time=look.short(at, self.now) if at else "",
            full=look.full(at) if at else "",
            iso=at.isoformat() if at else "",
            who=self._who(row),
            last=summary(last, look.language) if last else look.t("chats.nothing_yet"),
            status=last.status if last and last.from_me else "",
            unread=_count(chat.unread_count),
            is_marked=row.is_marked_unread and not chat.unread_count,
            is_pinned=chat.pinned_at is not None,
            is_muted=chat.muted_until is not None and chat.muted_until > self.now,
            is_picture_unknown=row.picture_at is None and chat.kind in ("person", "group"),
        )

    def _who(self, row: ChatOverview) -> str:
        """Whose words the last ones are, where that is not plain."""
        if row.last is None:
            return ""
        if row.last.from_me:
            return "" if row.chat.kind == "person" else self.look.t("chats.you")
        sender = row.last.sender if row.chat.kind != "person" else None
        return person_name(sender, self.look) if sender is not None else ""

    def _person(self, one: Person, owners: Mapping[UUID, Instance]) -> PersonRow:
        name = person_name(one.contact, self.look)
        phone = shown_phone(one.contact.phone_number)
        about = [phone if phone != name else "", f"~{one.contact.push_name}" if one.contact.name else ""]
        target = f"/chats/{one.chat_id}" if one.chat_id else f"/chats/with/{one.contact.id}"
        return PersonRow(
            href=target + self.wanted.query,
            face=face_of_person(one.contact, name, one.picture_id),
            name=name,
            about=" · ".join(part for part in about if len(part) > 1)[:120],
            instance=self._named(owners.get(one.contact.instance_id)),
        )

    def _hit(self, hit: Hit, owners: Mapping[UUID, Instance]) -> HitRow:
        message, look = hit.message, self.look
        name = chat_name(message.chat, look)
        sender = message.sender if message.chat.kind != "person" else None
        who = look.t("chats.you") if message.from_me else person_name(sender, look) if sender is not None else ""
        snippet = hit.snippet
        return HitRow(
            href=f"/chats/{message.chat.id}{self.wanted.with_(at=str(message.id)).query}",
            face=Face(initials=initials(name), hue=hue(message.chat.id), kind=message.chat.kind, src=""),
            name=name,
            who=who,
            text=highlighted(snippet.text, snippet.highlights)
            if snippet
            else Markup.escape(summary(message, look.language)),
            time=look.short(message.sent_at, self.now),
            full=look.full(message.sent_at),
            instance=self._named(owners.get(message.instance_id)),
        )

    def _named(self, owner: Instance | None) -> str:
        return owner.instance_name if owner is not None and self.names_instances else ""


async def lister(inbox: Inbox, access: Access, look: Look, now: datetime, wanted: ChatFilter) -> Lister:
    """Names instances where there are more than one and all of them are listed."""
    several = access.instance_id is None and wanted.instance is None
    names = several and len(await inbox.choices(access, limit=2)) > 1
    return Lister(look=look, now=now, wanted=wanted, names_instances=names)


def order_of(row: ChatOverview) -> str:
    seconds = round(row.chat.last_message_at.timestamp()) if row.chat.last_message_at else 0
    return f"{int(row.chat.pinned_at is not None)}{seconds:012d}{row.tiebreak + _EARLIEST:020d}"


def face_of_chat(row: ChatOverview, name: str) -> Face:
    src = f"/chats/{row.chat.id}/picture?v={_version(row.picture_id)}" if row.picture_id else ""
    colour = hue(row.chat.contact.id if row.chat.contact else row.chat.id)
    return Face(initials=initials(name), hue=colour, kind=row.chat.kind, src=src)


def face_of_person(contact: Contact, name: str, picture_id: str | None) -> Face:
    src = f"/chats/with/{contact.id}/picture?v={_version(picture_id)}" if picture_id else ""
    return Face(initials=initials(name), hue=hue(contact.id), kind="person", src=src)


def matching(rows: Iterable[ChatOverview], wanted: ChatFilter) -> tuple[list[ChatOverview], list[UUID]]:
    """Those that belong into the list, and the ids of those that do not."""
    found = list(rows)
    fitting = [row for row in found if wanted.takes(row)]
    return fitting, [row.chat.id for row in found if not wanted.takes(row)]


def _count(unread: int) -> str:
    return "" if unread <= 0 else str(unread) if unread <= _MANY else f"{_MANY}+"


def _version(picture_id: str | None) -> str:
    return "".join(sign for sign in picture_id or "" if sign.isalnum() and sign.isascii())[:40]
