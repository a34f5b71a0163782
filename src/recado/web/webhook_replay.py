"""Delivering again: one event, all that failed, a span of time, everything since a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import HTMLResponse

from recado.domain.errors import Conflict, Forbidden, Invalid, NotFound, RecadoError, Unauthorized
from recado.services.delivery.replay import Wish

from .forms import moment_of, trouble_of
from .page import Page
from .route import PageRoute
from .webhook import parked, state
from .webhooks import InSection

router = APIRouter(route_class=PageRoute)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayForm:
    """`what` is `failed`, `since` or `span`; the two moments are as their fields hold them."""

    what: str = "failed"
    begin: str = ""
    end: str = ""

    def wish(self, page: Page) -> Wish:
        """Raises Invalid."""
        if self.what == "failed":
            return Wish(failed=True)
        begin, end = moment_of(self.begin, page.look.zone), moment_of(self.end, page.look.zone)
        if begin is None:
            raise Invalid("wrong_moment", "Say from when on.", field="begin")
        if self.what == "span" and end is None:
            raise Invalid("wrong_moment", "Say until when.", field="until", why="end")
        return Wish(begin=begin, end=end if self.what == "span" else None)


@router.get("/webhooks/{webhook_id}/replay")
async def ask(page: InSection, webhook_id: UUID) -> HTMLResponse:
    view = await page.services.webhooks.view(page.access, webhook_id)
    form = page.part("replay_form", id=view.id, form=ReplayForm(), trouble=None, once=page.new_once())
    return page.parts(page.part("replay", form=form))


@router.post("/webhooks/{webhook_id}/replay")
async def replay(
    page: InSection,
    webhook_id: UUID,
    what: Annotated[str, Form()] = "failed",
    begin: Annotated[str, Form()] = "",
    end: Annotated[str, Form()] = "",
    once: Annotated[str, Form()] = "",
) -> HTMLResponse:
    form = ReplayForm(what=what, begin=begin, end=end)
    try:
        with page.once.first(once):
            count = await page.services.webhooks.replay(page.access, webhook_id, form.wish(page))
    except (Unauthorized, Forbidden, NotFound):
        raise
    except RecadoError as error:
        trouble = trouble_of(page.look, error, "begin", "until")
        drawn = page.part("replay_form", id=webhook_id, form=form, trouble=trouble, once=page.new_once())
        return page.parts(drawn, status=error.status)
    return await _done(page, webhook_id, count)


@router.post("/webhooks/{webhook_id}/replay/{position}")
async def replay_one(page: InSection, webhook_id: UUID, position: int) -> HTMLResponse:
    if not 0 < position < 2**63:
        raise Conflict("unknown_event", "No event stands there.")
    count = await page.services.webhooks.replay(page.access, webhook_id, Wish(position=position))
    return await _done(page, webhook_id, count)


async def _done(page: Page, webhook_id: UUID, count: int) -> HTMLResponse:
    """Said above the page, which shows at once how it stands now."""
    view = await page.services.webhooks.view(page.access, webhook_id)
    text = page.t("webhooks.replayed", count) if count else page.t("webhooks.replayed_none")
    drawn = {
        "notices": page.part("said", text=text),
        "webhook-place": state(page, view),
        "parked-place": await parked(page, view),
    }
    swaps = [page.part("swap", id=id, drawn=piece) for id, piece in drawn.items()]
    return page.parts(*swaps, HX_Retarget="#asked", HX_Reswap="innerHTML")
