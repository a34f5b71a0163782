"""The webhooks: which there are, how each stands and why, the failing ones first, live; and a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response, StreamingResponse

from recado.domain.errors import RecadoError, Unauthorized
from recado.domain.events import EVENT_TYPES, LoggedEvent
from recado.domain.webhook_views import Health, WebhookView

from .event_families import FAMILIES
from .live import live
from .page import Page, section
from .receiver_words import why
from .route import PageRoute
from .webhook_form import WebhookForm, again, fields, typed

router = APIRouter(route_class=PageRoute)

InSection = Annotated[Page, Depends(section("webhooks", "webhooks"))]
Typed = Annotated[WebhookForm, Depends(typed)]
SHOWN: Final = 50
EVERY_SECONDS: Final = 2.0
TONES: Final[dict[Health, str]] = {
    "off": "",
    "switched_off": "bad",
    "given_up": "bad",
    "down": "bad",
    "paused": "",
    "dead": "warn",
    "waiting": "warn",
    "new": "",
    "fine": "good",
}
ABOUT_WEBHOOKS: Final = frozenset(type for type in EVENT_TYPES if type.startswith("webhook."))


@router.get("/webhooks")
async def show(page: InSection, search: str = "", after: str = "") -> HTMLResponse:
    head = await page.head()
    found = await page.services.webhooks.views(page.access, search=search, after=after or None, limit=SHOWN)
    cards = [card(page, view) for view in found.items]
    return page.show(
        "webhooks.html",
        cards=cards,
        search=search,
        after=after,
        next=found.next,
        head=head,
        form=await fields(page, WebhookForm()),
    )


@router.get("/webhooks/live")
async def changes(page: InSection, after: int, search: str = "", begin: str = "") -> StreamingResponse:
    async def draw(_: Sequence[LoggedEvent]) -> str:
        found = await page.services.webhooks.views(page.access, search=search, after=begin or None, limit=SHOWN)
        return Markup("\n").join(card(page, view) for view in found.items)

    return await live(page, after, draw, types=ABOUT_WEBHOOKS, every=EVERY_SECONDS)


@router.post("/webhooks")
async def create(page: InSection, form: Typed, once: Annotated[str, Form()] = "") -> Response:
    try:
        with page.once.first(once):
            webhook, secret = await page.services.webhooks.create(
                page.access,
                url=form.url,
                instance_id=form.instance_id,
                events=form.wishes(),
                headers=form.own_headers(),
            )
    except Unauthorized:
        raise
    except RecadoError as error:
        return await again(page, form, error)
    view = await page.services.webhooks.view(page.access, webhook.id)
    dialog = page.part("new_webhook", form=await fields(page, WebhookForm()))
    made = page.part("webhook_secret", id=webhook.id, value=secret, is_new=True)
    added = Markup('<div hx-swap-oob="afterbegin:#webhooks">{}</div>').format(card(page, view))
    return page.parts(dialog, made, added, HX_Retarget="#new-webhook", HX_Reswap="outerHTML")


def card(page: Page, view: WebhookView) -> Markup:
    return page.part("webhook_card", webhook=view, order=f"{view.rank}-{view.id}", **told(page, view))


def told(page: Page, view: WebhookView) -> dict[str, object]:
    """What is said of how it stands."""
    has_failed = view.failed_at is not None
    return {
        "tone": TONES[view.health],
        "why": why(page.look, view.failed_status, view.failed_error) if has_failed else "",
        "now": page.now(),
        "kinds": kinds(page, view.events),
    }


def kinds(page: Page, events: Sequence[str] | None) -> str:
    """What it hears of, in words where there are some."""
    if events is None:
        return page.t("webhooks.all_events")
    return ", ".join(dict.fromkeys(_kind(page, wish) for wish in events))


def _kind(page: Page, wish: str) -> str:
    family = next((name for name, meant in FAMILIES.items() if wish in meant), None)
    return page.t(f"events.family.{family}") if family is not None else wish
