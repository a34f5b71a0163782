"""The event log: live and the newest first, by kind and instance, each event whole as JSON, older ones on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response, StreamingResponse

from recado.domain.events import LoggedEvent, envelope
from recado.services.reading.events import LAST

from .event_families import FAMILIES, family_of, type_name, types_of
from .event_gist import gist_of
from .headers import PAGE_HEADERS
from .json_view import JsonView
from .keys import choices
from .live import live
from .page import Page, section
from .route import PageRoute

router = APIRouter(route_class=PageRoute)

InSection = Annotated[Page, Depends(section("events", "events"))]
SHOWN: Final = 100
GATHER_SECONDS: Final = 0.3


@router.get("/events")
async def show(page: InSection, kind: str = "", instance: str = "", before: str = "") -> HTMLResponse:
    position = _position(before)
    found = await page.services.events.before(
        page.access, position, instance_id=_id(instance), types=types_of(kind), limit=SHOWN
    )
    head = found.events[0].position if found.events and position is None else await page.head()
    return page.show(
        "events.html",
        rows=[row(page, event) for event in found.events],
        next=found.next,
        looked_to=found.looked_to,
        is_live=position is None,
        head=head,
        kind=kind,
        kinds=tuple(FAMILIES),
        instance=instance,
        instances=await choices(page),
        most=SHOWN,
        now=page.now(),
    )


@router.get("/events/live")
async def changes(page: InSection, after: int, kind: str = "", instance: str = "") -> StreamingResponse:
    async def draw(events: Sequence[LoggedEvent]) -> str:
        return Markup("\n").join(row(page, event) for event in events[-SHOWN:])

    return await live(page, after, draw, types=types_of(kind), instance_id=_id(instance), gather=GATHER_SECONDS)


@router.get("/events/{position}")
async def one(page: InSection, position: int) -> HTMLResponse:
    """Within the list when the list asks, else as a page."""
    event = await page.services.events.get(page.access, position)
    drawn = page.part("event_whole", event=event, json=JsonView(envelope(event)), webhook=_webhook(event))
    if page.is_partial:
        return page.parts(drawn)
    return page.show("event.html", event=event, drawn=drawn, type_name=type_name, now=page.now())


@router.get("/events/{position}/json")
async def whole(page: InSection, position: int) -> Response:
    event = await page.services.events.get(page.access, position)
    content = orjson.dumps(envelope(event), option=orjson.OPT_INDENT_2)
    return Response(content, media_type="application/json", headers=PAGE_HEADERS)


def row(page: Page, event: LoggedEvent) -> Markup:
    return page.part(
        "event_row",
        event=event,
        order=f"{event.position:020d}",
        family=family_of(event.type),
        gist=gist_of(event, page.look),
        type_name=type_name,
    )


def _webhook(event: LoggedEvent) -> str:
    """The webhook that it is about, if it is about one."""
    about = event.data.get("webhook_id") if event.type.startswith("webhook.") else None
    return str(about) if _id(str(about)) is not None else ""


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _position(text: str) -> int | None:
    return min(int(text), LAST) if text.isascii() and text.isdecimal() and len(text) < 20 else None
