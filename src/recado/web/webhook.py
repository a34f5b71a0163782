"""One webhook: how it stands, live; a test; what came of each delivery; change, pause, rotate, remove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from recado.domain.delivery import Attempt
from recado.domain.errors import NotFound, RecadoError, Unauthorized
from recado.domain.events import LoggedEvent
from recado.domain.webhook_views import WebhookView

from .event_families import type_name
from .headers import PAGE_HEADERS
from .live import live
from .page import Page
from .receiver_words import why
from .route import PageRoute
from .webhook_form import again, fields, form_of
from .webhooks import ABOUT_WEBHOOKS, EVERY_SECONDS, InSection, Typed, kinds, told

router = APIRouter(route_class=PageRoute)

ATTEMPTS: Final = 50
PARKED: Final = 20
_STATES: Final = ("active", "paused", "disabled")


@router.get("/webhooks/{webhook_id}")
async def show(page: InSection, webhook_id: UUID, show: str = "all", after: str = "") -> HTMLResponse:
    webhooks, head = page.services.webhooks, await page.head()
    view = await webhooks.view(page.access, webhook_id)
    tried = await webhooks.attempts(page.access, webhook_id, after=after or None, limit=ATTEMPTS, failed=_failed(show))
    form = form_of(view)
    return page.show(
        "webhook.html",
        webhook=view,
        state=state(page, view),
        parked=await parked(page, view),
        attempts=[attempt_row(page, one) for one in tried.items],
        newest=tried.items[0].id if tried.items else "",
        next=tried.next,
        after=after,
        show=show,
        head=head,
        form=await fields(page, form),
        is_fixed=form.is_fixed,
        kinds=kinds(page, view.events),
        once=page.new_once(),
        now=page.now(),
    )


@router.get("/webhooks/{webhook_id}/live")
async def changes(
    page: InSection, webhook_id: UUID, after: int, show: str = "all", newest: str = "", older: bool = False
) -> StreamingResponse:
    seen = newest

    async def draw(_: Sequence[LoggedEvent]) -> str:
        nonlocal seen
        try:
            view = await page.services.webhooks.view(page.access, webhook_id)
            tried = await page.services.webhooks.attempts(page.access, webhook_id, limit=ATTEMPTS, failed=_failed(show))
        except NotFound:
            return page.part("webhook_gone")
        new = [] if older else [one for one in reversed(tried.items) if str(one.id) > seen]
        seen = str(new[-1].id) if new else seen
        rows = [attempt_row(page, one) for one in new]
        return Markup("\n").join([state(page, view), await parked(page, view), *rows])

    return await live(page, after, draw, types=ABOUT_WEBHOOKS, every=EVERY_SECONDS)


@router.post("/webhooks/{webhook_id}")
async def change(page: InSection, webhook_id: UUID, form: Typed, once: Annotated[str, Form()] = "") -> Response:
    view = await page.services.webhooks.view(page.access, webhook_id)
    now = form_of(view)
    form = replace(form, id=webhook_id, is_fixed=now.is_fixed, url=now.url if now.is_fixed else form.url)
    try:
        with page.once.first(once):
            changes = {"url": form.url, "events": form.wishes(), "headers": form.own_headers()}
            await page.services.webhooks.update(page.access, webhook_id, changes)
    except (Unauthorized, NotFound):
        raise
    except RecadoError as error:
        return await again(page, form, error)
    return _to(page, webhook_id)


@router.post("/webhooks/{webhook_id}/state")
async def set_state(page: InSection, webhook_id: UUID, wanted: Annotated[str, Form()] = "active") -> Response:
    """Let it deliver, or not."""
    changes = {"state": wanted if wanted in _STATES else "active"}
    await page.services.webhooks.update(page.access, webhook_id, changes)
    if not page.is_partial:
        return _to(page, webhook_id)
    return page.parts(state(page, await page.services.webhooks.view(page.access, webhook_id)))


@router.post("/webhooks/{webhook_id}/secret")
async def rotate(page: InSection, webhook_id: UUID, once: Annotated[str, Form()] = "") -> HTMLResponse:
    with page.once.first(once):
        _, secret = await page.services.webhooks.rotate_secret(page.access, webhook_id)
    dialog = page.part("rotate_secret", id=webhook_id, claim=page.new_once())
    return page.parts(dialog, page.part("webhook_secret", id=webhook_id, value=secret, is_new=False))


@router.post("/webhooks/{webhook_id}/test")
async def test(page: InSection, webhook_id: UUID) -> HTMLResponse:
    """Deliver something now, and show what came back."""
    tried = await page.services.webhooks.test(page.access, webhook_id)
    return page.parts(page.part("test_result", attempt=tried, why=_why(page, tried)))


@router.post("/webhooks/{webhook_id}/remove")
async def remove(page: InSection, webhook_id: UUID) -> Response:
    await page.services.webhooks.remove(page.access, webhook_id)
    return RedirectResponse("/webhooks", status_code=303)


def state(page: Page, view: WebhookView) -> Markup:
    """How it stands, with what can be done about it."""
    return page.part("webhook_state", webhook=view, **told(page, view))


async def parked(page: Page, view: WebhookView) -> Markup:
    """The first of what waits and of what was given up."""
    count = view.waiting + view.dead
    rows = await page.services.webhooks.parked(page.access, view.id, limit=PARKED) if count else []
    return page.part(
        "webhook_parked",
        webhook=view,
        rows=rows,
        more=max(0, count - len(rows)),
        now=page.now(),
        type_name=type_name,
    )


def attempt_row(page: Page, attempt: Attempt) -> Markup:
    return page.part("attempt", attempt=attempt, why=_why(page, attempt), now=page.now())


def _why(page: Page, attempt: Attempt) -> str:
    return why(page.look, attempt.status, attempt.error) if attempt.error is not None else ""


def _failed(show: str) -> bool | None:
    return True if show == "failed" else None


def _to(page: Page, webhook_id: UUID) -> Response:
    """To the webhook's page, anew."""
    path = f"/webhooks/{webhook_id}"
    if page.is_partial:
        return Response(status_code=204, headers={"HX-Redirect": path, **PAGE_HEADERS})
    return RedirectResponse(path, status_code=303)
