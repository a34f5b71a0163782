"""An instance as a card of the list: how it stands, what is unread, what came today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from markupsafe import Markup

from recado.domain.instances import Instance
from recado.domain.tallies import NOTHING, Tally

from .look import Look
from .names import shown_phone
from .page import Page
from .standing import Standing, standing_of


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceCard:
    """`name` is also its place in the list; `unread` and `today` are sentences, empty for none."""

    id: UUID
    name: str
    phone: str
    push_name: str
    standing: Standing
    last_activity_at: datetime | None
    unread: str
    today: str


async def cards(page: Page, shown: Sequence[Instance]) -> list[Markup]:
    """Two statements however many there are."""
    tallies = await page.services.tallies.of(shown, midnight(page.look, page.now()))
    return [page.part("instance_card", card=_card(page, one, tallies.get(one.id, NOTHING))) for one in shown]


def midnight(look: Look, now: datetime) -> datetime:
    """When today began where the page is looked at."""
    return datetime.combine(now.astimezone(look.zone).date(), time(), look.zone)


def _card(page: Page, instance: Instance, tally: Tally) -> InstanceCard:
    look = page.look
    return InstanceCard(
        id=instance.id,
        name=instance.instance_name,
        phone=shown_phone(instance.phone_number),
        push_name=instance.push_name or "",
        standing=standing_of(instance, look),
        last_activity_at=instance.last_activity_at,
        unread=_count(look, "unread", tally.unread, is_cut=tally.is_unread_cut),
        today=_count(look, "today", tally.today, is_cut=tally.is_today_cut),
    )


def _count(look: Look, what: str, n: int, *, is_cut: bool) -> str:
    if not n:
        return ""
    ending = "cut" if is_cut else "one" if n == 1 else "other"
    key = f"instances.{what}.{ending}"
    return look.t(key) if ending == "one" else look.t(key, count=look.number(n))
