"""Messages over HTTP: send one, read them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response, status
from pydantic import Field

from recado.domain.instances import Instance

from . import shapes
from .context import Using, named
from .inputs import Body, Cursor, Limit, Text

router = APIRouter(prefix="/v1/instances/{name}", tags=["messages"])

Readable = Annotated[Instance, Depends(named("messages:read"))]

WAIT: Final = timedelta(seconds=30)
_ON_ITS_WAY: Final = frozenset({"queued", "sending"})


class NewMessage(Body):
    to: Text = Field(description="A phone number, international or national, or a JID", examples=["+5511999990000"])
    text: Text = Field(description="1 to 65,536 characters", examples=["Olá!"])
    quoted: Text | None = Field(None, description="WhatsApp's id (`wa_id`) of the message that this one answers")


@router.post(
    "/messages",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Send a text",
    responses={201: {"model": shapes.AcceptedMessage, "description": "WhatsApp has it (with `wait=sent`)"}},
)
async def send(
    body: NewMessage,
    response: Response,
    using: Using,
    instance: Annotated[Instance, Depends(named("messages:send"))],
    idempotency_key: Annotated[Text | None, Header(max_length=255, min_length=1)] = None,
    wait: Annotated[Literal["sent"] | None, Query(description="Answer when WhatsApp has it, or after 30 s")] = None,
) -> shapes.AcceptedMessage:
    accepted = await using.outgoing.accept(
        instance,
        to=body.to,
        text=body.text,
        quoted=body.quoted,
        idempotency_key=idempotency_key,
        must_be_connected=wait is not None,
    )
    message = accepted.message
    if wait is not None:
        message = await using.outgoing.settled(message.id, until=wait, timeout=WAIT)
        if message.status not in _ON_ITS_WAY:
            response.status_code = status.HTTP_201_CREATED
    if accepted.is_repeat:
        response.headers["Idempotent-Replayed"] = "true"
    note = None
    if instance.status != "connected" and message.status in _ON_ITS_WAY:
        note = f"{instance.instance_name} is {instance.state}: the message waits and goes when it is connected."
    return shapes.AcceptedMessage(**dict(shapes.message(message)), note=note)


@router.get("/messages", summary="Messages, newest first")
async def list_(
    instance: Readable,
    using: Using,
    chat: Annotated[UUID | None, Query(description="Of one chat only")] = None,
    after: Cursor = None,
    limit: Limit = 50,
) -> shapes.Page[shapes.Message]:
    return shapes.page(await using.messages.list(instance, chat_id=chat, after=after, limit=limit), shapes.message)


@router.get("/messages/{message_id}", summary="One message, by our id or by WhatsApp's, with its status history")
async def show(instance: Readable, using: Using, message_id: Text) -> shapes.MessageWithHistory:
    return shapes.message_with_history(await using.messages.get(instance, message_id))


@router.get("/chats", summary="Chats, the last used first")
async def chats(instance: Readable, using: Using, after: Cursor = None, limit: Limit = 50) -> shapes.Page[shapes.Chat]:
    return shapes.page(await using.messages.chats(instance, after=after, limit=limit), shapes.chat)


@router.get("/contacts", summary="People")
async def contacts(
    instance: Readable, using: Using, after: Cursor = None, limit: Limit = 50
) -> shapes.Page[shapes.Contact]:
    return shapes.page(await using.messages.contacts(instance, after=after, limit=limit), shapes.contact)


@router.get("/chats/{chat_id}", summary="One chat, by its id or by that of one that was merged into it")
async def chat(instance: Readable, using: Using, chat_id: UUID) -> shapes.Chat:
    return shapes.chat(await using.messages.chat(instance, chat_id))


@router.get("/contacts/{contact_id}", summary="One person, by their id or by one that was merged into theirs")
async def contact(instance: Readable, using: Using, contact_id: UUID) -> shapes.Contact:
    return shapes.contact(await using.messages.contact(instance, contact_id))
