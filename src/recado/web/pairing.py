"""The page on which a phone is linked: the code of the moment, live, and the way on when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from recado.domain import events as told
from recado.domain.errors import NotFound
from recado.domain.events import LoggedEvent
from recado.domain.instances import Instance
from recado.domain.states import ONLINE

from .live import live
from .page import Page, section
from .pairing_view import pairing_view
from .route import PageRoute
from .standing import standing_of

router = APIRouter(route_class=PageRoute)

InSection = Annotated[Page, Depends(section("instances", "instances:read"))]
_TYPES: Final = frozenset({told.INSTANCE_STATE, told.INSTANCE_QR, told.INSTANCE_UPDATED, told.INSTANCE_REMOVED})


@router.get("/instances/{id}/pair")
async def show(page: InSection, id: UUID) -> Response:
    """The code that waits for the phone; the instance itself when it is linked and connected."""
    head = await page.head()
    instance = await page.instance(id)
    if instance.state in ONLINE or standing_of(instance, page.look).do == "start":
        return RedirectResponse(f"/instances/{id}", status_code=303)
    return page.show("pair.html", instance=instance, pairing=await pairing_part(page, instance), head=head)


@router.get("/instances/{id}/pair/live")
async def changes(page: InSection, id: UUID, after: int) -> StreamingResponse:
    async def draw(events: Sequence[LoggedEvent]) -> str:
        try:
            return await pairing_part(page, await page.instance(id))
        except NotFound:
            return page.part("pairing_gone")

    return await live(page, after, draw, types=_TYPES, instance_id=id)


@router.post("/instances/{id}/pair")
async def begin(page: InSection, id: UUID) -> Response:
    """Ask for a new code; also in place of one that is shown, or of the other way."""
    instance = await page.instance(id, "instances:write")
    if instance.state not in ONLINE:
        await page.services.instances.restart(instance)
    if not page.is_partial:
        return RedirectResponse(f"/instances/{id}/pair", status_code=303)
    return await _as_it_is(page, id)


@router.post("/instances/{id}/pair/code")
async def by_code(page: InSection, id: UUID, phone: Annotated[str, Form()] = "") -> Response:
    """Ask for a code to type into the phone of that number."""
    instance = await page.instance(id, "instances:write")
    await page.services.instances.pairing_code(instance, phone[:40])
    if not page.is_partial:
        return RedirectResponse(f"/instances/{id}/pair", status_code=303)
    return await _as_it_is(page, id)


async def pairing_part(page: Page, instance: Instance) -> Markup:
    """The piece that changes."""
    code = await page.services.instances.shown_code(instance)
    return page.part("pairing", view=pairing_view(instance, code, page.look), writes=page.access.may("instances:write"))


async def _as_it_is(page: Page, id: UUID) -> HTMLResponse:
    return page.parts(await pairing_part(page, await page.instance(id)))
