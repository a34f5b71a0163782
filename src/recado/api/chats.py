"""Chats over HTTP: the list as WhatsApp shows it, and one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from recado.domain.instances import Instance
from recado.domain.jid import ChatKind

from . import chat_shapes
from .context import Using, named
from .inputs import Cursor, Limit, Search
from .language import Said

router = APIRouter(prefix="/v1/instances/{name}", tags=["chats"])

Readable = Annotated[Instance, Depends(named("messages:read"))]


@router.get("/chats", summary="Chats: the pinned ones, then the last used first")
async def list_(
    instance: Readable,
    using: Using,
    language: Said,
    archived: Annotated[bool | None, Query(description="Only archived ones, or only others")] = None,
    unread: Annotated[bool | None, Query(description="Only those with something unread, or only others")] = None,
    kind: Annotated[ChatKind | None, Query(description="Of one kind only")] = None,
    search: Search = None,
    after: Cursor = None,
    limit: Limit = 50,
) -> chat_shapes.ChatPage:
    page, counts = await using.chats.list(
        instance, is_archived=archived, is_unread=unread, kind=kind, search=search, after=after, limit=limit
    )
    return chat_shapes.chats(page, counts, language)


@router.get("/chats/{chat_id}", summary="One chat, by its id or by that of one that was merged into it")
async def show(instance: Readable, using: Using, language: Said, chat_id: UUID) -> chat_shapes.ListedChat:
    return chat_shapes.chat(await using.chats.get(instance, chat_id), language)
