"""The page of one instance: how it stands and why, its phone, its queue, its webhooks, its settings; live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from markupsafe import Markup
from starlette.responses import HTMLResponse, StreamingResponse

from recado.domain import events as told
from recado.domain.errors import NotFound
from recado.domain.events import LoggedEvent
from recado.domain.instances import Instance

from . import instance_parts as parts
from .live import live
from .page import Page, section
from .route import PageRoute

router = APIRouter(route_class=PageRoute)

InSection = Annotated[Page, Depends(section("instances", "instances:read"))]
OLDER: Final = 40
_GATHER: Final = 0.2
_STATE: Final = frozenset({told.INSTANCE_STATE, told.INSTANCE_UPDATED})
_SENDING: Final = frozenset({told.MESSAGE_QUEUED, told.MESSAGE_SENT, told.MESSAGE_FAILED, told.MESSAGE_STATUS})
_HOOKS: Final = frozenset({told.WEBHOOK_FAILING, told.WEBHOOK_PAUSED, told.WEBHOOK_DISABLED, told.INSTANCE_UPDATED})
_TYPES: Final = _STATE | _SENDING | _HOOKS | {told.INSTANCE_REMOVED, told.HISTORY_PROGRESS}


@router.get("/instances/{id}")
async def show(page: InSection, id: UUID) -> HTMLResponse:
    head = await page.head()
    instance = await page.instance(id)
    return page.show(
        "instance.html",
        instance=instance,
        heading=parts.head_part(page, instance),
        standing=parts.standing_part(page, instance),
        steps=await parts.steps(page, instance),
        session=await parts.session_part(page, instance),
        queue=await parts.queue_part(page, instance),
        hooks=await parts.hooks_part(page, instance),
        way_out=parts.way_out_part(page, instance),
        dialogs=parts.dialogs_part(page, instance) if parts.writes(page) else Markup(),
        writes=parts.writes(page),
        head=head,
    )


@router.get("/instances/{id}/timeline")
async def older(page: InSection, id: UUID, after: str) -> HTMLResponse:
    """What happened before."""
    return page.parts(*await parts.steps(page, await page.instance(id), after=after, limit=OLDER))


@router.get("/instances/{id}/live")
async def changes(page: InSection, id: UUID, after: int) -> StreamingResponse:
    async def draw(events: Sequence[LoggedEvent]) -> str:
        try:
            return Markup("\n").join(await _pieces(page, await page.instance(id), events))
        except NotFound:
            return page.part("instance_gone")

    return await live(page, after, draw, types=_TYPES, instance_id=id, gather=_GATHER)


async def _pieces(page: Page, instance: Instance, events: Sequence[LoggedEvent]) -> list[Markup]:
    """What these events may have changed, as it is now."""
    types = {event.type for event in events}
    drawn = []
    if types & _STATE:
        drawn += [parts.head_part(page, instance), parts.standing_part(page, instance)]
        drawn.append(parts.way_out_part(page, instance))
    if types & (_STATE | {told.HISTORY_PROGRESS}):
        drawn += await parts.newest_steps(page, instance, min(parts.STEPS + len(events), OLDER))
        drawn.append(await parts.session_part(page, instance))
    if types & (_STATE | _SENDING):
        drawn.append(await parts.queue_part(page, instance))
    if types & _HOOKS:
        drawn.append(await parts.hooks_part(page, instance))
    return drawn
