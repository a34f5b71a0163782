"""Instances over HTTP: create, list, change, start, stop, and why they are as they are."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field

from recado.domain.access import Access
from recado.domain.errors import Forbidden
from recado.domain.instances import Instance

from . import shapes
from .context import Cursor, Limit, Using, allowed, named

router = APIRouter(prefix="/v1/instances", tags=["instances"])

Readable = Annotated[Instance, Depends(named("instances:read"))]
Writable = Annotated[Instance, Depends(named("instances:write"))]


class NewInstance(BaseModel):
    model_config = ConfigDict(extra="forbid")

    instance_name: str = Field(description="`[a-z0-9][a-z0-9_-]{0,62}`", examples=["loja"])
    webhook_url: str | None = Field(None, description="Gets all events of this instance")
    owner_id: UUID | None = None
    start: bool = Field(True, description="Begin to pair at once")


class Changes(BaseModel):
    model_config = ConfigDict(extra="forbid")

    webhook_url: str | None = None
    owner_id: UUID | None = None


@router.post("", status_code=status.HTTP_201_CREATED, summary="Create an instance; it begins to pair at once")
async def create(
    body: NewInstance, using: Using, access: Annotated[Access, Depends(allowed("instances:write"))]
) -> dict[str, Any]:
    if access.instance_id is not None:
        raise Forbidden(
            "key_is_bound", "This key belongs to one instance and cannot create others.", hint="Use a key for all."
        )
    if body.webhook_url is not None:
        await using.webhooks.check_url(body.webhook_url)
    made = await using.instances.create(
        body.instance_name, webhook_url=body.webhook_url, owner_id=body.owner_id, start=body.start
    )
    return shapes.instance(made)


@router.get("", summary="List instances")
async def list_(
    using: Using,
    access: Annotated[Access, Depends(allowed("instances:read"))],
    search: Annotated[str, Query(max_length=100)] = "",
    after: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    return shapes.page(await using.instances.list(access, search=search, after=after, limit=limit), shapes.instance)


@router.get("/{name}", summary="One instance and what is so about it")
async def show(instance: Readable) -> dict[str, Any]:
    return shapes.instance(instance)


@router.patch("/{name}", summary="Change its webhook_url or owner_id")
async def change(body: Changes, instance: Writable, using: Using) -> dict[str, Any]:
    changes = body.model_dump(exclude_unset=True)
    if changes.get("webhook_url") is not None:
        await using.webhooks.check_url(changes["webhook_url"])
    return shapes.instance(await using.instances.update(instance, changes))


@router.delete("/{name}", status_code=status.HTTP_204_NO_CONTENT, summary="Log out and remove all of it")
async def remove(instance: Writable, using: Using) -> Response:
    await using.instances.remove(instance)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post("/{name}/start", status_code=status.HTTP_202_ACCEPTED, summary="Want it to run")
async def start(instance: Writable, using: Using) -> dict[str, Any]:
    return shapes.instance(await using.instances.start(instance))


@router.post("/{name}/stop", status_code=status.HTTP_202_ACCEPTED, summary="Want it to stop; credentials are kept")
async def stop(instance: Writable, using: Using) -> dict[str, Any]:
    return shapes.instance(await using.instances.stop(instance))


@router.post("/{name}/restart", status_code=status.HTTP_202_ACCEPTED, summary="Disconnect and connect again")
async def restart(instance: Writable, using: Using) -> dict[str, Any]:
    return shapes.instance(await using.instances.restart(instance))


@router.post("/{name}/logout", status_code=status.HTTP_202_ACCEPTED, summary="Unlink from the phone")
async def logout(instance: Writable, using: Using) -> dict[str, Any]:
    return shapes.instance(await using.instances.logout(instance))


@router.post("/{name}/force-update", summary="Read what is so on the wire and correct the row")
async def force_update(instance: Writable, using: Using) -> dict[str, Any]:
    before, after = await using.instances.force_update(instance)
    return {"before": shapes.instance(before), "after": shapes.instance(after)}


@router.get("/{name}/timeline", summary="What happened to it, newest first, in sentences")
async def timeline(
    instance: Readable,
    using: Using,
    language: Annotated[Literal["en", "pt"], Query(description="Language of the sentences")] = "en",
    after: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    entries = await using.instances.timeline(instance, language=language, after=after, limit=limit)
    return shapes.page(entries, shapes.timeline_entry)
