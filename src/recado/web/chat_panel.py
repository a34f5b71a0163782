"""Beside a conversation: all that is known of the person or the group; their pictures; a first message to somebody."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Header
from starlette.responses import HTMLResponse, RedirectResponse, Response

from recado.domain.contacts import Contact
from recado.domain.groups import GroupView
from recado.domain.overviews import ChatOverview, Person

from .chat_filter import chosen
from .chat_rows import Face, face_of_chat, face_of_person
from .chats import screen
from .names import chat_name, hue, initials, person_name, shown_phone
from .page import Page, section
from .route import PageRoute

router = APIRouter(route_class=PageRoute)

InSection = Annotated[Page, Depends(section("chats", "messages:read"))]
IfNoneMatch = Annotated[str, Header(max_length=1_000)]
MEMBERS: Final = 200
_FOR_A_DAY: Final = "private, max-age=86400"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    href: str
    face: Face
    name: str
    phone: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """`facts` are (key of a sentence, value); `members` the first two hundred of `member_count`."""

    chat_id: UUID
    face: Face
    name: str
    facts: tuple[tuple[str, str], ...]
    description: str
    members: tuple[Member, ...] = ()
    member_count: int = 0


@router.get("/chats/with/{contact_id}")
async def write_to(page: InSection, contact_id: UUID, instance: str = "", show: str = "all") -> Response:
    """A person with whom there is no chat yet: a first message makes one."""
    wanted = chosen(instance, show)
    owner = await page.services.inbox.whose_contact(page.access, contact_id)
    person = await page.services.contacts.get(owner, contact_id)
    if person.chat_id is not None:
        return RedirectResponse(f"/chats/{person.chat_id}{wanted.query}", status_code=303)
    name = person_name(person.contact, page.look)
    to = person.contact.phone_number or ""
    face = face_of_person(person.contact, name, person.picture_id)
    values = {"owner": owner, "who": name, "portrait": face, "to": f"+{to}" if to else person.contact.lid}
    pane = page.part("conversation_new", wanted=wanted, once=page.new_once(), **values)
    return page.parts(pane) if page.is_partial else await screen(page, wanted, pane, chat_id=None)


@router.post("/chats")
async def begin(page: InSection, instance: Annotated[UUID, Form()], to: Annotated[str, Form()] = "",
                text: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "") -> Response:  # fmt: skip
    """The first message to a number; sent twice with the same `once` it is one message."""
    owner = await page.instance(instance, "messages:send")
    key = f"web:{once[:100]}" if once else None
    accepted = await page.services.outgoing.accept(owner, to=to, text=text.replace("\r\n", "\n"), idempotency_key=key)
    target = f"/chats/{accepted.message.chat.id}"
    if page.is_partial:
        return Response(status_code=204, headers={"HX-Redirect": target})
    return RedirectResponse(target, status_code=303)


@router.get("/chats/{chat_id}/panel")
async def panel(page: InSection, chat_id: UUID) -> HTMLResponse:
    owner = await page.services.inbox.whose_chat(page.access, chat_id)
    row = await page.services.chats.get(owner, chat_id)
    if row.chat.kind == "group":
        shown = _group(page, row, await page.services.groups.get(owner, row.chat.id), owner.instance_name)
    elif row.chat.contact is not None:
        person = await page.services.contacts.get(owner, row.chat.contact.id)
        shown = _person(page, row, person, owner.instance_name)
    else:
        shown = _other(page, row, owner.instance_name)
    return page.parts(page.part("chat_panel", panel=shown))


@router.get("/chats/{chat_id}/picture")
async def picture(page: InSection, chat_id: UUID, if_none_match: IfNoneMatch = "") -> Response:
    owner = await page.services.inbox.whose_chat(page.access, chat_id)
    image = await page.services.pictures.of_chat(owner, chat_id)
    return _image(image.content, image.mime_type, if_none_match)


@router.get("/chats/with/{contact_id}/picture")
async def portrait(page: InSection, contact_id: UUID, if_none_match: IfNoneMatch = "") -> Response:
    owner = await page.services.inbox.whose_contact(page.access, contact_id)
    image = await page.services.pictures.of_contact(owner, contact_id)
    return _image(image.content, image.mime_type, if_none_match)


@router.get("/chats/{chat_id}/messages/{message_id}/thumbnail")
async def thumbnail(page: InSection, chat_id: UUID, message_id: UUID, if_none_match: IfNoneMatch = "") -> Response:
    owner = await page.services.inbox.whose_chat(page.access, chat_id)
    image = await page.services.threads.thumbnail(owner, message_id)
    return _image(image.content, image.mime_type, if_none_match)


def _image(content: bytes, mime_type: str, known: str) -> Response:
    """An image and nothing else, whatever its bytes are."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": _FOR_A_DAY,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Disposition": "inline",
    }
    if tag in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=mime_type, headers=headers)


def _person(page: Page, row: ChatOverview, person: Person, instance_name: str) -> Panel:
    contact, look = person.contact, page.look
    facts = [
        ("number", shown_phone(contact.phone_number)),
        ("saved_as", contact.name or ""),
        ("goes_by", contact.push_name or ""),
        ("business", contact.business_name or ""),
        ("lid", contact.lid or ""),
        *_standing(page, row, instance_name),
        ("known_since", look.day(person.created_at, page.now())),
    ]
    return _panel(page, row, facts)


def _group(page: Page, row: ChatOverview, group: GroupView, instance_name: str) -> Panel:
    facts = [
        ("owner", person_name(group.owner, page.look) if group.owner else ""),
        ("only_admins", page.t("chats.yes") if group.is_announce else ""),
        ("vanishing", page.t("chats.days", max(1, round(group.ephemeral_seconds / 86_400)))
         if group.ephemeral_seconds else ""),
        ("left", page.look.full(row.left_at) if row.left_at else ""),
        *_standing(page, row, instance_name),
    ]  # fmt: skip
    ranks = {"superadmin": 0, "admin": 1}
    ordered = sorted(group.members, key=lambda one: ranks.get(one[1], 2))[:MEMBERS]
    members = tuple(_member(page, contact, role) for contact, role in ordered)
    return _panel(page, row, facts, group.description or "", members, group.member_count)


def _other(page: Page, row: ChatOverview, instance_name: str) -> Panel:
    return _panel(page, row, [("address", row.chat.jid or ""), *_standing(page, row, instance_name)])


def _standing(page: Page, row: ChatOverview, instance_name: str) -> list[tuple[str, str]]:
    """How this side has arranged the chat."""
    chat, until = row.chat, row.chat.muted_until
    muted = ""
    if until is not None and until > page.now():
        muted = page.t("chats.for_ever") if until.year > 9000 else page.look.full(until)
    return [
        ("instance", instance_name),
        ("muted", muted),
        ("pinned", page.t("chats.yes") if chat.pinned_at else ""),
        ("archived", page.t("chats.yes") if chat.is_archived else ""),
    ]


def _panel(
    page: Page,
    row: ChatOverview,
    facts: list[tuple[str, str]],
    description: str = "",
    members: tuple[Member, ...] = (),
    member_count: int = 0,
) -> Panel:
    name = chat_name(row.chat, page.look)
    told = tuple((f"chats.fact.{key}", value[:300]) for key, value in facts if value.strip())
    return Panel(
        chat_id=row.chat.id,
        face=face_of_chat(row, name),
        name=name,
        facts=told,
        description=description[:4_000],
        members=members,
        member_count=member_count,
    )


def _member(page: Page, contact: Contact, role: str) -> Member:
    name, phone = person_name(contact, page.look), shown_phone(contact.phone_number)
    return Member(
        href=f"/chats/with/{contact.id}",
        face=Face(initials=initials(name), hue=hue(contact.id), kind="person", src=""),
        name=name,
        phone=phone if phone != name else "",
        role="" if role == "member" else page.t("chats.admin"),
    )
