"""Instances over HTTP: create, list, change, start, stop, and why they are as they are."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response, status
from pydantic import Field

from recado.domain.access import Access
from recado.domain.errors import Forbidden
from recado.domain.instances import Instance

from . import shapes
from .context import Using, allowed, named
from .inputs import Body, Cursor, Limit, Text

router = APIRouter(prefix="/v1/instances", tags=["instances"])

Readable = Annotated[Instance, Depends(named("instances:read"))]
Writable = Annotated[Instance, Depends(named("instances:write"))]


class NewInstance(Body):
    instance_name: Text = Field(description="`[a-z0-9][a-z0-9_-]{0,62}`", examples=["loja"])
    webhook_url: Text | None = Field(None, description="Gets all events of this instance")
    owner_id: UUID | None = None
    start: bool = Field(True, description="Begin to pair at once")


class Changes(Body):
    webhook_url: Text | None = None
    owner_id: UUID | None = None


@router.post("", status_code=status.HTTP_201_CREATED, summary="Create an instance; it begins to pair at once")
async def create(
    body: NewInstance, using: Using, access: Annotated[Access, Depends(allowed("instances:write"))]
) -> shapes.Instance:
    if access.instance_id is not None:
        raise Forbidden(
            "key_is_bound", "This key belongs to one instance and cannot create others.", hint="Use a key for all."
        )
    if body.webhook_url is not None:
        await using.webhooks.check_url(body.webhook_url)
    made = await using.instances.create(
        body.instance_name, webhook_url=body.webhook_url, owner_id=body.owner_id, start=body.start
    )
    return shapes.Instance.model_validate(made)


@router.get("", summary="List instances")
async def list_(
    using: Using,
    access: Annotated[Access, Depends(allowed("instances:read"))],
    search: Annotated[Text, Query(max_length=100, description="Part of a name or a number")] = "",
    after: Cursor = None,
    limit: Limit = 50,
) -> shapes.Page[shapes.Instance]:
    rows = await using.instances.list(access, search=search, after=after, limit=limit)
    return shapes.page(rows, shapes.Instance.model_validate)


@router.get("/{name}", summary="One instance and what is so about it")
async def show(instance: Readable) -> shapes.Instance:
    return shapes.Instance.model_validate(instance)


@router.patch("/{name}", summary="Change its webhook_url or owner_id")
async def change(body: Changes, instance: Writable, using: Using) -> shapes.Instance:
    changes = body.model_dump(exclude_unset=True)
    if changes.get("webhook_url") is not None:
        await using.webhooks.check_url(changes["webhook_url"])
    return shapes.Instance.model_validate(await using.instances.update(instance, changes))


@router.delete("/{name}", status_code=status.HTTP_204_NO_CONTENT, summary="Log out and remove all of it")
async def remove(instance: Writable, using: Using) -> Response:
    await using.instances.remove(instance)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post("/{name}/start", status_code=status.HTTP_202_ACCEPTED, summary="Want it to run")
async def start(instance: Writable, using: Using) -> shapes.Instance:
    return shapes.Instance.model_validate(await using.instances.start(instance))


@router.post("/{name}/stop", status_code=status.HTTP_202_ACCEPTED, summary="Want it to stop; credentials are kept")
async def stop(instance: Writable, using: Using) -> shapes.Instance:
    return shapes.Instance.model_validate(await using.instances.stop(instance))


@router.post("/{name}/restart", status_code=status.HTTP_202_ACCEPTED, summary="Disconnect and connect again")
async def restart(instance: Writable, using: Using) -> shapes.Instance:
    return shapes.Instance.model_validate(await using.instances.restart(instance))


@router.post("/{name}/logout", status_code=status.HTTP_202_ACCEPTED, summary="Unlink from the phone")
async def logout(instance: Writable, using: Using) -> shapes.Instance:
    return shapes.Instance.model_validate(await using.instances.logout(instance))


@router.post("/{name}/force-update", summary="Read what is so on the wire and correct the row")
async def force_update(instance: Writable, using: Using) -> shapes.BeforeAndAfter:
    before, after = await using.instances.force_update(instance)
    return shapes.BeforeAndAfter(
        before=shapes.Instance.model_validate(before), after=shapes.Instance.model_validate(after)
    )


@router.get("/{name}/timeline", summary="What happened to it, newest first, in sentences")
async def timeline(
    instance: Readable,
    using: Using,
    language: Annotated[Literal["en", "pt"], Query(description="Language of the sentences")] = "en",
    after: Cursor = None,
    limit: Limit = 50,
) -> shapes.Page[shapes.TimelineEntry]:
    entries = await using.instances.timeline(instance, language=language, after=after, limit=limit)
    return shapes.page(entries, shapes.TimelineEntry.model_validate)
