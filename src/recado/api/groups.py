"""Groups over HTTP: which there are, how they are set, who is in them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from recado.domain.instances import Instance

from . import shapes
from .context import Using, named
from .inputs import Cursor, Limit

router = APIRouter(prefix="/v1/instances/{name}/groups", tags=["groups"])

Readable = Annotated[Instance, Depends(named("messages:read"))]


@router.get("", summary="Groups, those that this number has left too")
async def list_(instance: Readable, using: Using, after: Cursor = None, limit: Limit = 50) -> shapes.Page[shapes.Group]:
    return shapes.page(await using.groups.list(instance, after=after, limit=limit), shapes.group)


@router.get("/{group_id}", summary="One group with its members; its id is that of its chat")
async def show(instance: Readable, using: Using, group_id: UUID) -> shapes.GroupWithMembers:
    return shapes.group_with_members(await using.groups.get(instance, group_id))
