"""Messages over HTTP, as they are read."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from recado.domain.errors import Invalid
from recado.domain.instances import Instance
from recado.domain.message_filter import MessageFilter

from . import message_shapes, sending_shapes
from .context import Using, named
from .inputs import Cursor, Limit, Text
from .language import Said

router = APIRouter(prefix="/v1/instances/{name}", tags=["messages"])

Readable = Annotated[Instance, Depends(named("messages:read"))]


@router.get("/messages", summary="Messages, newest first: of all, of a chat, around one, or by what is written in them")
async def list_(
    instance: Readable,
    using: Using,
    language: Said,
    chat: Annotated[UUID | None, Query(description="Of one chat only")] = None,
    search: Annotated[
        Text | None,
        Query(description='Words, of the last one the beginning, or a phrase: `"bom dia" pedi`'),
    ] = None,
    around: Annotated[Text | None, Query(description="On both sides of this message (its `id` or `wa_id`)")] = None,
    kind: Annotated[list[Text] | None, Query(description="Of these kinds only", max_length=50)] = None,
    from_me: Annotated[bool | None, Query(description="Only your own, or only those of others")] = None,
    since: Annotated[AwareDatetime | None, Query(description="Sent at this time or later")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Sent before this time")] = None,
    after: Cursor = None,
    before: Annotated[Text | None, Query(description="`previous` of a page: what is newer", max_length=300)] = None,
    limit: Limit = 50,
) -> message_shapes.MessagePage:
    wanted = MessageFilter(kinds=tuple(kind) if kind else None, from_me=from_me, since=since, until=until)
    if around is not None:
        _refuse_beside("around", chat=chat, search=search, after=after, before=before)
        return message_shapes.listed(await using.messages.around(instance, around, wanted, limit=limit), language)
    if search is not None:
        _refuse_beside("search", before=before)
        hits = await using.messages.search(instance, search, wanted, chat_id=chat, after=after, limit=limit)
        return message_shapes.found(hits, language)
    page = await using.messages.list(instance, wanted, chat_id=chat, after=after, before=before, limit=limit)
    return message_shapes.listed(page, language)


@router.get(
    "/messages/{message_id}", summary="One message, by our id or by WhatsApp's, with its status history and reactions"
)
async def show(instance: Readable, using: Using, language: Said, message_id: Text) -> sending_shapes.MessageInFull:
    message = await using.messages.get(instance, message_id)
    waiting = await using.outgoing.waiting(message) if message.status in ("queued", "sending") else None
    shown = message_shapes.with_history(message, language)
    return sending_shapes.MessageInFull(**dict(shown), waiting=sending_shapes.waiting(waiting) if waiting else None)


def _refuse_beside(name: str, **others: object) -> None:
    given = next((other for other, value in others.items() if value is not None), None)
    if given is not None:
        raise Invalid(
            "not_together",
            f"`{given}` cannot be given together with `{name}`.",
            field=given,
            hint="Leave one of them out.",
        )
