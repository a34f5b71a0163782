"""One conversation: its messages in windows, what is written and sent, what is read, what the phone still has."""

from __future__ import annotations

import contextlib
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from recado.domain.chats import Chat
from recado.domain.errors import Conflict, Invalid, NotFound
from recado.domain.instances import Instance
from recado.domain.jid import PHONE_SERVER
from recado.domain.overviews import ChatOverview
from recado.services.access import require
from recado.services.reading.threads import Window

from .bubbles import bubbles_of, days_of
from .chat_filter import ChatFilter, chosen
from .chats import live_part, screen
from .conversation import WINDOW, beginning_of, conversation_of, drawn, note_of, reader_of
from .page import Page, section
from .route import PageRoute

router = APIRouter(route_class=PageRoute)

InSection = Annotated[Page, Depends(section("chats", "messages:read"))]
OLDER: Final = 100


@router.get("/chats/{chat_id}")
async def show(page: InSection, chat_id: UUID, instance: str = "", show: str = "all", at: str = "") -> Response:
    """The conversation, at a message or at its end; by itself when the page is open already."""
    wanted = chosen(instance, show, at)
    head = await page.head()
    owner, row = await _chat(page, chat_id)
    if row.chat.id != chat_id:
        return RedirectResponse(f"/chats/{row.chat.id}{wanted.query}", status_code=303)
    pane = await _pane(page, owner, row, wanted)
    if not page.is_partial:
        return await screen(page, wanted, pane, chat_id=chat_id, head=head)
    return page.parts(pane, live_part(page, wanted, chat_id, head))


@router.get("/chats/{chat_id}/window")
async def window(page: InSection, chat_id: UUID, older: str = "", newer: str = "", around: str = "",
                 first: bool = False) -> HTMLResponse:  # fmt: skip
    """Messages before one, behind one, around one, the first ones or the last ones."""
    owner, row = await _chat(page, chat_id)
    threads = page.services.threads
    if older:
        found = await threads.older(owner, chat_id, older, limit=WINDOW)
    elif newer:
        found = await threads.newer(owner, chat_id, newer, limit=WINDOW)
    elif around:
        found = await threads.around(owner, chat_id, around, limit=WINDOW)
    else:
        found = await (threads.first if first else threads.last)(owner, chat_id, limit=WINDOW)
    return page.parts(page.part("window", drawn=await drawn(page, owner, row, found, focus=around)))


@router.post("/chats/{chat_id}/messages")
async def send(page: InSection, chat_id: UUID, text: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "",
               quoted: Annotated[str, Form()] = "") -> Response:  # fmt: skip
    """Accept a message. Sent twice with the same `once` it is one message."""
    require(page.access, "messages:send")
    owner, row = await _chat(page, chat_id)
    accepted = await page.services.outgoing.accept(
        owner,
        to=address_of_chat(row.chat),
        text=text.replace("\r\n", "\n"),
        idempotency_key=f"web:{once[:100]}" if once else None,
        quoted=quoted or None,
    )
    if not page.is_partial:
        return RedirectResponse(f"/chats/{accepted.message.chat.id}", status_code=303)
    note = page.part("composer_note", chat_id=row.chat.id, note=note_of(page, owner, row))
    return page.parts(await _bubbles(page, owner, row.chat.id, [accepted.message.id]), note)


@router.post("/chats/{chat_id}/messages/{message_id}/cancel")
async def cancel(page: InSection, chat_id: UUID, message_id: UUID) -> HTMLResponse:
    """Take back a message that still waits."""
    require(page.access, "messages:send")
    owner, row = await _chat(page, chat_id)
    message = await page.services.messages.get(owner, message_id)
    await page.services.outgoing.cancel(owner, message)
    return page.parts(await _bubbles(page, owner, row.chat.id, [message_id]))


@router.get("/chats/{chat_id}/messages/{message_id}")
async def whole(page: InSection, chat_id: UUID, message_id: UUID) -> HTMLResponse:
    """A message with all of its text."""
    owner, row = await _chat(page, chat_id)
    return page.parts(await _bubbles(page, owner, row.chat.id, [message_id], whole=True))


@router.post("/chats/{chat_id}/read")
async def read(page: InSection, chat_id: UUID) -> Response:
    """Somebody looks at it: all of it has been read. While the instance is not connected it stays as it is."""
    require(page.access, "messages:send")
    owner, row = await _chat(page, chat_id)
    try:
        await page.services.conversations.read(owner, row.chat.id)
    except (Conflict, Invalid):
        return Response(status_code=204, headers={"Recado-Unread": "kept"})
    return Response(status_code=204)


@router.post("/chats/{chat_id}/typing")
async def typing(page: InSection, chat_id: UUID, state: Annotated[str, Form()] = "composing") -> Response:
    """Show the others that somebody writes here, if it can be shown."""
    require(page.access, "messages:send")
    owner, row = await _chat(page, chat_id)
    with contextlib.suppress(Conflict, Invalid):
        await page.services.conversations.type(owner, row.chat.id, "paused" if state == "paused" else "composing")
    return Response(status_code=204)


@router.get("/chats/{chat_id}/older")
async def beginning(page: InSection, chat_id: UUID) -> HTMLResponse:
    """How far the phone is with what it was asked for."""
    owner, row = await _chat(page, chat_id)
    return page.parts(page.part("thread_start", beginning=await beginning_of(page, owner, row)))


@router.post("/chats/{chat_id}/older")
async def older(page: InSection, chat_id: UUID) -> HTMLResponse:
    """Ask the phone for what came before."""
    require(page.access, "messages:send")
    owner, row = await _chat(page, chat_id)
    await page.services.histories.ask(owner, row.chat.id, OLDER)
    return page.parts(page.part("thread_start", beginning=await beginning_of(page, owner, row)))


def address_of_chat(chat: Chat) -> str:
    """Where a message to that chat is sent. Raises Invalid for one that nothing can be sent to."""
    contact = chat.contact
    if contact is None:
        return chat.jid or ""
    return f"{contact.phone_number}@{PHONE_SERVER}" if contact.phone_number else contact.lid or ""


async def _chat(page: Page, chat_id: UUID) -> tuple[Instance, ChatOverview]:
    owner = await page.services.inbox.whose_chat(page.access, chat_id)
    return owner, await page.services.chats.get(owner, chat_id)


async def _pane(page: Page, owner: Instance, row: ChatOverview, wanted: ChatFilter) -> Markup:
    found, focus = await _opened(page, owner, row, wanted.at)
    return page.part(
        "conversation",
        conversation=await conversation_of(page, owner, row, wanted),
        drawn=await drawn(page, owner, row, found, focus=focus),
        once=page.new_once(),
    )


async def _opened(page: Page, owner: Instance, row: ChatOverview, at: str | None) -> tuple[Window, str]:
    """At that message; at the end without one, also when it is not there any more."""
    if at is not None:
        try:
            return await page.services.threads.around(owner, row.chat.id, at, limit=WINDOW), at
        except NotFound:
            pass
    return await page.services.threads.last(owner, row.chat.id, limit=WINDOW), ""


async def _bubbles(page: Page, owner: Instance, chat_id: UUID, ids: list[UUID], *, whole: bool = False) -> Markup:
    found = await page.services.threads.some(owner, chat_id, ids)
    shown = bubbles_of(found, reader_of(page, owner, found), whole=whole)
    days = [page.part("day", chat_id=chat_id, day=day) for day in days_of(shown)]
    return Markup("\n").join([*days, *(page.part("bubble", bubble=one) for one in shown)])
