"""What can be done with an instance from its page: start, stop, restart, log out, remove, change, cancel what waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from recado.domain.errors import Conflict, Invalid, RecadoError
from recado.domain.instances import Instance
from recado.services.access import require

from . import instance_parts as parts
from .instances import led_to
from .page import Page, section
from .problem import sentences
from .route import PageRoute
from .standing import Act, acts_of

router = APIRouter(route_class=PageRoute)

InSection = Annotated[Page, Depends(section("instances", "instances:read"))]
WRITES: Final = "instances:write"


@router.post("/instances/{id}/start")
async def start(page: InSection, id: UUID) -> Response:
    """Also for what waits for its next attempt: it is made now."""
    instance = await _to(page, id, "start")
    return await _done(page, await page.services.instances.start(instance))


@router.post("/instances/{id}/stop")
async def stop(page: InSection, id: UUID) -> Response:
    instance = await _to(page, id, "stop")
    return await _done(page, await page.services.instances.stop(instance))


@router.post("/instances/{id}/restart")
async def restart(page: InSection, id: UUID) -> Response:
    instance = await _to(page, id, "restart")
    return await _done(page, await page.services.instances.restart(instance))


@router.post("/instances/{id}/logout")
async def logout(page: InSection, id: UUID) -> Response:
    instance = await _to(page, id, "logout")
    return await _done(page, await page.services.instances.logout(instance))


@router.post("/instances/{id}/remove")
async def remove(page: InSection, id: UUID, typed: Annotated[str, Form()] = "") -> Response:
    """Only when its name was typed."""
    instance = await page.instance(id, WRITES)
    if typed.strip() != instance.instance_name:
        raise Invalid(
            "name_differs", "That is not the name of this instance; nothing was removed.", field="typed",
            hint="Type it as it is written.",
        )  # fmt: skip
    await page.services.instances.remove(instance)
    return led_to(page, "/instances")


@router.post("/instances/{id}/settings")
async def change(page: InSection, id: UUID) -> Response:
    """What is not given stays; what is wrong is said beside its field, and nothing is changed."""
    instance = await page.instance(id, WRITES)
    typed = {name: value.strip() for name, value in (await page.request.form()).items() if isinstance(value, str)}
    try:
        await page.services.instances.update(instance, await _changes(page, typed))
    except RecadoError as error:
        if not page.is_partial:
            raise
        said = " ".join(sentences(page.look, error)).strip()
        return page.parts(page.part("settings_note", trouble=said), status=error.status)
    if not page.is_partial:
        return led_to(page, f"/instances/{id}")
    return page.parts(page.part("settings_note", trouble=""))


@router.post("/instances/{id}/queue/{message_id}/cancel")
async def cancel(page: InSection, id: UUID, message_id: UUID) -> Response:
    """Take back a message that still waits."""
    require(page.access, "messages:send")
    require(page.access, "messages:read")
    instance = await page.instance(id)
    message = await page.services.messages.get(instance, message_id)
    await page.services.outgoing.cancel(instance, message)
    if not page.is_partial:
        return led_to(page, f"/instances/{id}")
    return page.parts(await parts.queue_part(page, instance))


async def _to(page: Page, id: UUID, act: Act) -> Instance:
    """The instance, if that can be asked of it now. Raises Conflict when the open page shows what is over."""
    instance = await page.instance(id, WRITES)
    if act not in acts_of(instance):
        raise Conflict(
            "not_now_so", "That does not apply any more: the instance has changed meanwhile.",
            hint="The page shows how it is now.",
        )  # fmt: skip
    return instance


async def _done(page: Page, instance: Instance) -> Response:
    if not page.is_partial:
        return led_to(page, f"/instances/{instance.id}")
    return page.parts(parts.standing_part(page, await page.instance(instance.id)))


async def _changes(page: Page, typed: Mapping[str, str]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if "name" in typed:
        changes["instance_name"] = typed["name"]
    if "webhook_url" in typed:
        changes["webhook_url"] = url = typed["webhook_url"] or None
        if url is not None:
            await page.services.webhooks.check_url(url)
    if "owner_id" in typed:
        changes["owner_id"] = _owner(typed["owner_id"])
    return changes


def _owner(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid("wrong_owner_id", "An owner is a UUID.", field="owner_id", hint="Copy it whole.") from None
