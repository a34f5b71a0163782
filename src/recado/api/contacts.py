"""People over HTTP: by name, with every name and where it comes from."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from recado.domain.instances import Instance

from . import chat_shapes, shapes
from .context import Using, named
from .inputs import Cursor, Limit, Search

router = APIRouter(prefix="/v1/instances/{name}", tags=["contacts"])

Readable = Annotated[Instance, Depends(named("messages:read"))]


@router.get("/contacts", summary="People by name, those without one last")
async def list_(
    instance: Readable,
    using: Using,
    saved: Annotated[bool | None, Query(description="Only those in the phone's address book, or only others")] = None,
    search: Search = None,
    after: Cursor = None,
    limit: Limit = 50,
) -> shapes.Page[chat_shapes.Person]:
    page = await using.contacts.list(instance, is_saved=saved, search=search, after=after, limit=limit)
    return shapes.page(page, chat_shapes.person)


@router.get("/contacts/{contact_id}", summary="One person, by their id or by one that was merged into theirs")
async def show(instance: Readable, using: Using, contact_id: UUID) -> chat_shapes.Person:
    return chat_shapes.person(await using.contacts.get(instance, contact_id))
