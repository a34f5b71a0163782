"""The list of instances: number, state, what is unread and what came today, live; and how a new one is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from recado.domain import events as told
from recado.domain.errors import Forbidden
from recado.domain.events import LoggedEvent
from recado.domain.instances import Instance
from recado.services.access import require

from .instance_cards import cards
from .live import live
from .page import Page, section
from .route import PageRoute

router = APIRouter(route_class=PageRoute)

InSection = Annotated[Page, Depends(section("instances", "instances:read"))]
FIRST: Final = 24
MORE: Final = 48
LONGEST_SEARCH: Final = 100
_GATHER: Final = 0.4
_TYPES: Final = frozenset(
    {
        told.INSTANCE_CREATED, told.INSTANCE_STATE, told.INSTANCE_UPDATED, told.INSTANCE_REMOVED,
        told.MESSAGE_RECEIVED, told.MESSAGE_QUEUED, told.MESSAGE_SENT, told.CHAT_UPDATED, told.HISTORY_PROGRESS,
    }
)  # fmt: skip


@router.get("/instances")
async def show(page: InSection, search: str = "") -> HTMLResponse:
    """The first of them; by itself when the search changes."""
    search = search.strip()[:LONGEST_SEARCH]
    head = await page.head()
    found = await page.services.instances.list(page.access, search=search, limit=FIRST)
    drawn = await cards(page, found.items)
    given: dict[str, Any] = {"cards": drawn, "search": search, "may_create": may_create(page)}
    given |= {"more": _more(page, search, found.next), "live": _live_part(page, search, found.items, found.next, head)}
    if page.is_partial:
        address = "/instances" + (f"?{urlencode({'search': search})}" if search else "")
        return page.parts(page.part("instance_list", once=page.new_once(), **given), HX_Push_Url=address)
    return page.show("instances.html", once=page.new_once(), **given)


@router.get("/instances/more")
async def more(page: InSection, after: str, search: str = "") -> HTMLResponse:
    """Those behind the last one; from now on they are live too."""
    head = await page.head()
    found = await page.services.instances.list(page.access, search=search, after=after, limit=MORE)
    drawn = await cards(page, found.items)
    around = [_more(page, search, found.next, is_oob=True)]
    around += [_live_part(page, search, found.items, found.next, head, is_oob=True)] if drawn else []
    return page.parts(*drawn, *around)


@router.post("/instances")
async def create(page: InSection, name: Annotated[str, Form()] = "", once: Annotated[str, Form()] = "") -> Response:
    """Make one and lead to its code. Sent twice it is one instance."""
    require(page.access, "instances:write")
    if not may_create(page):
        raise Forbidden(
            "key_is_bound", "This key belongs to one instance and cannot create others.", hint="Use a key for all."
        )
    with page.once.first(once):
        made = await page.services.instances.create(name.strip())
    return led_to(page, f"/instances/{made.id}/pair")


@router.get("/instances/live")
async def changes(page: InSection, after: int, search: str = "", last: str | None = None) -> StreamingResponse:
    """`last` is the name of the last one shown, when there are more behind it."""

    async def draw(events: Sequence[LoggedEvent]) -> str:
        ids = {event.instance_id for event in events if event.instance_id is not None}
        there = await page.services.tallies.some(page.access, ids)
        shown = [one for one in there if _fits(one, search) and (last is None or one.instance_name <= last)]
        gone = ids - {one.id for one in shown}
        return Markup("\n").join([*(_gone(str(id)) for id in gone), *await cards(page, shown)])

    return await live(page, after, draw, types=_TYPES, gather=_GATHER)


def may_create(page: Page) -> bool:
    """A key of one instance makes no others."""
    return page.access.may("instances:write") and page.access.instance_id is None


def led_to(page: Page, address: str) -> Response:
    """The browser goes there, whether it was htmx that asked or a plain form."""
    if page.is_partial:
        return page.parts(HX_Redirect=address)
    return RedirectResponse(address, status_code=303)


def _more(page: Page, search: str, after: str | None, *, is_oob: bool = False) -> Markup:
    address = f"/instances/more?{urlencode({'after': after, 'search': search})}" if after is not None else ""
    return page.part("instances_more", address=address, is_oob=is_oob)


def _live_part(
    page: Page, search: str, shown: Sequence[Instance], after: str | None, head: int, *, is_oob: bool = False
) -> Markup:
    given = {"search": search} if search else {}
    if after is not None:
        given["last"] = shown[-1].instance_name
    address = "/instances/live" + (f"?{urlencode(given)}" if given else "")
    return page.part("instances_live", address=address, head=head, is_oob=is_oob)


def _fits(instance: Instance, search: str) -> bool:
    """As the list is searched."""
    return search.lower() in instance.instance_name.lower() or search in (instance.phone_number or "")


def _gone(id: str) -> Markup:
    return Markup('<del id="instance-{}"></del>').format(id)
