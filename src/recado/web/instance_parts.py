"""The pieces of an instance's page, each drawn from the database alone, for the first page and for a live update."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from recado.domain.concerns import RESTRICTIONS
from recado.domain.instances import Instance
from recado.domain.states import MOVED

from .instance_views import halt_sentence, hooks_of, queue_sentence, queued_message, step_of
from .names import shown_phone
from .page import Page
from .standing import acts_of, standing_of

STEPS: Final = 12
_QUEUED: Final = 20
_HOOKS: Final = 20


def writes(page: Page) -> bool:
    """Whether this key may change the instance."""
    return page.access.may("instances:write")


def head_part(page: Page, instance: Instance) -> Markup:
    return page.part("instance_head", instance=instance, phone=shown_phone(instance.phone_number))


def standing_part(page: Page, instance: Instance) -> Markup:
    """How it stands, the next action, and what else may be asked of it."""
    halt = page.services.outgoing.halt(instance)
    until = halt.until if halt is not None and halt.reason in RESTRICTIONS else None
    return page.part(
        "instance_standing",
        instance=instance,
        standing=standing_of(instance, page.look, until=until),
        acts=acts_of(instance) if writes(page) else frozenset(),
        writes=writes(page),
    )


def way_out_part(page: Page, instance: Instance) -> Markup:
    """How it is unlinked and removed; nothing for a key that may not."""
    return page.part("instance_way_out", acts=acts_of(instance)) if writes(page) else Markup()


async def session_part(page: Page, instance: Instance) -> Markup:
    """Whose phone it is, since when, how much of its history is here, where the last backup is."""
    return page.part(
        "instance_session",
        instance=instance,
        phone=shown_phone(instance.phone_number),
        past=await page.services.instances.past(instance),
        history=await page.services.histories.progress(instance),
    )


async def queue_part(page: Page, instance: Instance) -> Markup:
    """What waits to be sent; whose messages they are only for those who may read them."""
    outgoing, look = page.services.outgoing, page.look
    queue = await outgoing.queue(instance)
    counts = queue.counts
    total = counts.queued + counts.under_way + counts.scheduled
    line = await outgoing.line(instance, limit=_QUEUED) if total and page.access.may("messages:read") else []
    return page.part(
        "instance_queue",
        instance=instance,
        counts=queue_sentence(queue, look),
        halt=halt_sentence(queue.halt, look) if total or (queue.halt and not queue.halt.is_for_all) else "",
        line=[queued_message(message, waiting, look) for message, waiting in line],
        more=max(0, total - len(line)) if line else 0,
        may_cancel=page.access.may("messages:send"),
    )


async def hooks_part(page: Page, instance: Instance) -> Markup:
    """Who hears of it; nothing for a key that may not see webhooks."""
    if not page.access.may("webhooks"):
        return Markup()
    found = await page.services.webhooks.concerning(page.access, instance.id, limit=_HOOKS)
    return page.part("instance_hooks", hooks=hooks_of(found, page.look))


async def steps(page: Page, instance: Instance, *, after: str | None = None, limit: int = STEPS) -> list[Markup]:
    """The timeline, the newest first, and behind it the way to older ones if there are any."""
    drawn, older = await _steps(page, instance, after, limit)
    return [*drawn, page.part("steps_older", instance=instance, older=older)] if older else drawn


async def newest_steps(page: Page, instance: Instance, limit: int) -> list[Markup]:
    """Only what came last, for an open page."""
    return (await _steps(page, instance, None, limit))[0]


def dialogs_part(page: Page, instance: Instance) -> Markup:
    """The questions that are asked before something is done; outside of what changes, so that none is closed by it."""
    return page.part("instance_dialogs", instance=instance, is_moved=instance.reason == MOVED)


async def _steps(page: Page, instance: Instance, after: str | None, limit: int) -> tuple[list[Markup], str | None]:
    found = await page.services.instances.timeline(instance, language=page.look.language, after=after, limit=limit)
    return [page.part("step", step=step_of(entry, page.look, page.now())) for entry in found.items], found.next
