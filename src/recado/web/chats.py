"""The conversations: chats and people of all instances in one list, searched and filtered, live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from markupsafe import Markup
from starlette.responses import HTMLResponse, StreamingResponse

from recado.domain.errors import Invalid
from recado.domain.events import LoggedEvent
from recado.domain.instances import Instance
from recado.domain.overviews import ChatOverview
from recado.services.reading.inbox import Listed

from .chat_filter import ChatFilter, chosen
from .chat_live import TYPES, pieces
from .chat_rows import Lister, lister
from .live import live
from .page import Page, section
from .route import PageRoute

router = APIRouter(route_class=PageRoute)

InSection = Annotated[Page, Depends(section("chats", "messages:read"))]
FIRST, MORE = 12, 40
FEW = 12
FOUND = 8
HITS = 20
_TROUBLES = frozenset({"search_too_common", "search_too_short", "search_without_words", "search_too_long"})


@router.get("/chats")
async def show(page: InSection, instance: str = "", show: str = "all") -> HTMLResponse:
    return await screen(page, chosen(instance, show), page.part("conversation_none"), chat_id=None)


@router.get("/chats/list")
async def listing(page: InSection, instance: str = "", show: str = "all") -> HTMLResponse:
    """The list with another filter, beside the conversation that is open."""
    wanted = chosen(instance, show)
    head = await page.head()
    chat_id = _open_chat(page)
    drawn = await listing_part(page, wanted)
    address = (f"/chats/{chat_id}" if chat_id else "/chats") + wanted.query
    return page.parts(drawn, live_part(page, wanted, chat_id, head), HX_Push_Url=address)


@router.get("/chats/choices")
async def choices(page: InSection, instance: str = "", bare: bool = False) -> HTMLResponse:
    """The instances to choose from, all of them: for those who have so many that the page shows a few at first."""
    known = await page.services.inbox.choices(page.access, limit=1_000)
    label = "" if bare else page.t("chats.all_instances")
    return page.parts(page.part("choices", chosen=_id(instance), choices=known, all=label))


@router.get("/chats/more")
async def more(page: InSection, after: str, instance: str = "", show: str = "all") -> HTMLResponse:
    """The rows behind the last one."""
    wanted = chosen(instance, show)
    if wanted.show == "people":
        return page.parts(await _people(page, wanted, after))
    return page.parts(await _rows(page, wanted, after))


@router.get("/chats/rows")
async def rows(page: InSection, id: Annotated[list[UUID], Query(max_length=100)], instance: str = "",
               show: str = "all") -> HTMLResponse:  # fmt: skip
    """Some rows again, whose pictures may be there by now."""
    wanted = chosen(instance, show)
    listed = await page.services.inbox.some(page.access, id)
    drawing = await lister_of(page, wanted)
    return page.parts(*(page.part("chat_row", row=row) for row in drawing.chats(listed)))


@router.get("/chats/found")
async def found(page: InSection, q: str = "", instance: str = "", show: str = "all", chat: str = "",
                after: str | None = None) -> HTMLResponse:  # fmt: skip
    """Chats, people and messages with these words; without words the list as it was."""
    wanted = chosen(instance, show)
    if not q.strip():
        return page.parts(await listing_part(page, wanted))
    return page.parts(await _found(page, wanted, q[:300], _id(chat), after))


@router.get("/chats/live")
async def changes(page: InSection, after: int, instance: str = "", show: str = "all",
                  chat: UUID | None = None) -> StreamingResponse:  # fmt: skip
    wanted = chosen(instance, show)
    drawing = await lister_of(page, wanted)
    owner = await page.services.inbox.whose_chat(page.access, chat) if chat is not None else None

    async def draw(events: Sequence[LoggedEvent]) -> str:
        return await pieces(page, drawing, events, chat, owner)

    return await live(page, after, draw, types=TYPES)


async def screen(
    page: Page, wanted: ChatFilter, conversation: Markup, *, chat_id: UUID | None, head: int | None = None
) -> HTMLResponse:
    """The whole page; `head` is the log's end before the conversation was read."""
    head = head if head is not None else await page.head()
    choices = await page.services.inbox.choices(page.access, limit=300)
    return page.show(
        "chats.html",
        listing=await listing_part(page, wanted, choices=choices),
        live=live_part(page, wanted, chat_id, head),
        conversation=conversation,
        choices=_first_choices(choices, wanted),
        few=FEW,
        writes_from=wanted.instance or next((one.id for one in choices if one.status == "connected"), None),
        wanted=wanted.with_(at=None),
        is_open=chat_id is not None,
    )


async def listing_part(page: Page, wanted: ChatFilter, *, choices: Sequence[Instance] | None = None) -> Markup:
    unread = await page.services.inbox.unread(page.access, await _instance(page, wanted))
    plain = wanted.with_(at=None)
    if plain.show == "people":
        drawn = await _people(page, plain, None)
    else:
        drawn = await _rows(page, plain, None)
    is_empty = not drawn
    has_instances = bool(choices if choices is not None else await page.services.inbox.choices(page.access, limit=1))
    return page.part("chats_listing", rows=drawn, wanted=plain, unread=unread, is_empty=is_empty,
                     has_instances=has_instances)  # fmt: skip


def live_part(page: Page, wanted: ChatFilter, chat_id: UUID | None, head: int) -> Markup:
    query = wanted.with_(at=None).query or "?"
    address = f"/chats/live{query}{'&' if query != '?' else ''}" + (f"chat={chat_id}" if chat_id else "")
    return page.part("chats_live", address=address.rstrip("?&"), head=head)


async def lister_of(page: Page, wanted: ChatFilter) -> Lister:
    return await lister(page.services.inbox, page.access, page.look, page.now(), wanted.with_(at=None))


async def _rows(page: Page, wanted: ChatFilter, after: str | None) -> Markup:
    owner = await _instance(page, wanted)
    listed = await page.services.inbox.chats(
        page.access, owner, after=after, limit=MORE if after else FIRST, **wanted.options
    )
    _want_pictures(page, listed)
    rows = (await lister_of(page, wanted)).chats(listed)
    return _joined(page, [page.part("chat_row", row=row) for row in rows], wanted, listed.page.next)


async def _people(page: Page, wanted: ChatFilter, after: str | None) -> Markup:
    owner = await _instance(page, wanted)
    listed = await page.services.inbox.people(page.access, owner, after=after, limit=MORE if after else FIRST)
    rows = (await lister_of(page, wanted)).people(listed)
    return _joined(page, [page.part("person_row", row=row) for row in rows], wanted, listed.page.next)


def _joined(page: Page, rows: list[Markup], wanted: ChatFilter, after: str | None) -> Markup:
    tail = [page.part("chats_more", wanted=wanted, after=after)] if after else []
    return Markup("\n").join([*rows, *tail])


async def _found(page: Page, wanted: ChatFilter, text: str, chat_id: UUID | None, after: str | None) -> Markup:
    owner, inbox, access = await _instance(page, wanted), page.services.inbox, page.access
    drawing = await lister_of(page, wanted)
    if chat_id is not None:
        owner = await inbox.whose_chat(access, chat_id)
    given: dict[str, object] = {"chats": [], "people": [], "hits": [], "next": None, "trouble": ""}
    if chat_id is None and after is None:
        given["chats"] = drawing.chats(await inbox.chats(access, owner, search=text, limit=FOUND))
        people = await inbox.people(access, owner, has_chat=False, search=text, limit=FOUND)
        given["people"] = drawing.people(people)
    try:
        hits = await inbox.search(access, text, owner, chat_id=chat_id, after=after, limit=HITS)
        given |= {"hits": drawing.hits(hits), "next": hits.page.next}
    except Invalid as error:
        given["trouble"] = page.t(f"chats.found.{error.code}") if error.code in _TROUBLES else error.detail
    part = "chats_hits" if after is not None else "chats_found"
    return page.part(part, q=text, wanted=wanted, chat_id=chat_id, **given)


async def _instance(page: Page, wanted: ChatFilter) -> Instance | None:
    if wanted.instance is None:
        return None
    return await page.services.inbox.instance(page.access, wanted.instance)


def _first_choices(choices: Sequence[Instance], wanted: ChatFilter) -> list[Instance]:
    """Those that are asked for most come first where there are too many to show: the one chosen, what is connected."""
    if len(choices) <= FEW:
        return list(choices)
    return sorted(choices, key=lambda one: (one.id != wanted.instance, one.status != "connected", one.instance_name))


def _want_pictures(page: Page, listed: Listed[ChatOverview]) -> None:
    for owner in listed.instances.values():
        mine = [one for one in listed.page.items if one.chat.instance_id == owner.id]
        page.services.portraits.want(owner, mine)


def _open_chat(page: Page) -> UUID | None:
    """The conversation that is open in the page that asks, by its address."""
    path = urlsplit(page.request.headers.get("hx-current-url", "")).path
    return _id(path.removeprefix("/chats/")) if path.startswith("/chats/") else None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
