"""How all of it runs: messages over time, instances by state, deliveries, the queue, the parts; live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from markupsafe import Markup
from starlette.responses import HTMLResponse, StreamingResponse

from recado.domain.events import EVENT_TYPES, LoggedEvent
from recado.domain.figures import Figures, Span
from recado.domain.states import FINAL, ONLINE, STATES, WAITING
from recado.domain.webhook_views import NEEDS_SOMEBODY, WebhookView
from recado.services.readiness import Part
from recado.telemetry import ENGINE_MEMORY

from .charts import flow_chart, shares
from .live import live
from .page import Page, section
from .route import PageRoute
from .webhooks import TONES

router = APIRouter(route_class=PageRoute)

InSection = Annotated[Page, Depends(section("overview", "instances:read"))]
EVERY_SECONDS: Final = 3.0
WEBHOOKS: Final = 8
_TYPES: Final = frozenset(type for type in EVENT_TYPES if type.startswith(("instance.", "webhook.")))


@router.get("/overview")
async def show(page: InSection, span: str = "day") -> HTMLResponse:
    wanted: Span = "month" if span == "month" else "day"
    head = await page.head()
    return page.show("overview.html", pieces=await pieces(page, wanted), span=wanted, head=head)


@router.get("/overview/live")
async def changes(page: InSection, after: int, span: str = "day") -> StreamingResponse:
    """Only the pieces that have changed."""
    wanted: Span = "month" if span == "month" else "day"
    known: dict[str, Markup] = {}

    async def draw(_: Sequence[LoggedEvent]) -> str:
        drawn = await pieces(page, wanted)
        changed = [piece for name, piece in drawn.items() if known.get(name) != piece]
        known.update(drawn)
        return Markup("\n").join(changed)

    return await live(page, after, draw, types=_TYPES, every=EVERY_SECONDS)


async def pieces(page: Page, span: Span) -> Mapping[str, Markup]:
    """Every part of the page that can change alone, by its name."""
    views = await _webhooks(page)
    shown = views[:WEBHOOKS]
    ids = [view.id for view in shown]
    figures = await page.services.overviews.figures(page.access, span, page.look.zone, webhook_ids=ids)
    parts = await page.services.readiness.check() if page.access.instance_id is None else []
    chart = flow_chart(figures.flow, page.look, page.now())
    of_each: dict[str, dict[str, object]] = {
        "tiles": {"failing": sum(view.health in NEEDS_SOMEBODY for view in views)},
        "flow": {"chart": chart},
        "flow_table": {"chart": chart},
        "states": _states(figures),
        "deliveries": {"views": shown, "tones": TONES, "shares": shares},
        "parts": {"parts": parts, "memory": _memory(parts)},
    }
    shared = {"figures": figures, "views": views, "now": page.now(), "may_webhooks": page.access.may("webhooks")}
    return {name: page.part(f"overview_{name}", **shared | own) for name, own in of_each.items()}


async def _webhooks(page: Page) -> list[WebhookView]:
    """The first of them, those that need somebody before the others; none for a key that may not see them."""
    if not page.access.may("webhooks"):
        return []
    return (await page.services.webhooks.views(page.access, limit=50)).items


def _states(figures: Figures) -> dict[str, object]:
    """The states in which there are instances, and the parts of a bar in their colours."""
    counts = [(state, figures.states.get(state, 0)) for state in STATES]
    used = sorted(((state, n) for state, n in counts if n), key=lambda pair: _ORDER.index(tone_of(pair[0])))
    return {"counts": used, "bar": shares([(tone_of(state), n) for state, n in used]), "tone_of": tone_of}


_ORDER: Final = ("good", "moving", "warn", "bad", "idle")


def tone_of(state: str) -> str:
    """Its colour: works, on the way, waits, needs somebody, rests."""
    if state == "connected":
        return "good"
    if state in ONLINE or state in WAITING:
        return "warn"
    if state == "stopped":
        return "idle"
    return "bad" if state in FINAL else "moving"


def _memory(parts: Sequence[Part]) -> dict[str, float]:
    """What each engine host was last seen to use, in MB."""
    names = [part.name.removeprefix("engine.") for part in parts if part.name.startswith("engine.")]
    used = {sample.labels["engine"]: sample.value for metric in ENGINE_MEMORY.collect() for sample in metric.samples}
    return {name: round(used[name] / 1e6) for name in names if used.get(name)}
