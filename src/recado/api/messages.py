"""Messages over HTTP: send one, read them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field

from recado.domain.instances import Instance
from recado.domain.messages import as_json

from . import shapes
from .context import Cursor, Limit, Using, named

router = APIRouter(prefix="/v1/instances/{name}", tags=["messages"])

Readable = Annotated[Instance, Depends(named("messages:read"))]

WAIT = timedelta(seconds=30)


class NewMessage(BaseModel):
    model_config = ConfigDict(extra="forbid")

    to: str = Field(description="A phone number, international or national, or a JID", examples=["+5511999990000"])
    text: str = Field(description="1 to 65,536 characters", examples=["Olá!"])
    quoted: str | None = Field(None, description="WhatsApp's id (`wa_id`) of the message that this one answers")


@router.post("/messages", status_code=status.HTTP_202_ACCEPTED, summary="Send a text")
async def send(
    body: NewMessage,
    response: Response,
    using: Using,
    instance: Annotated[Instance, Depends(named("messages:send"))],
    idempotency_key: Annotated[str | None, Header(max_length=255, min_length=1)] = None,
    wait: Annotated[Literal["sent"] | None, Query(description="Answer when WhatsApp has it, or after 30 s")] = None,
) -> dict[str, Any]:
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
        if message.status not in ("queued", "sending"):
            response.status_code = status.HTTP_201_CREATED
    if accepted.is_repeat:
        response.headers["Idempotent-Replayed"] = "true"
    answer = as_json(message)
    if instance.status != "connected":
        answer["note"] = (
            f"{instance.instance_name} is {instance.state}: the message waits and goes when it is connected."
        )
    return answer


@router.get("/messages", summary="Messages, newest first")
async def list_(
    instance: Readable,
    using: Using,
    chat: Annotated[UUID | None, Query(description="Of one chat only")] = None,
    after: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    return shapes.page(await using.messages.list(instance, chat_id=chat, after=after, limit=limit), as_json)


@router.get("/messages/{message_id}", summary="One message, by our id or by WhatsApp's, with its status history")
async def show(instance: Readable, using: Using, message_id: str) -> dict[str, Any]:
    return as_json(await using.messages.get(instance, message_id))


@router.get("/chats", summary="Chats, the last used first")
async def chats(instance: Readable, using: Using, after: Cursor = None, limit: Limit = 50) -> dict[str, Any]:
    return shapes.page(await using.messages.chats(instance, after=after, limit=limit), shapes.chat)


@router.get("/contacts", summary="People")
async def contacts(instance: Readable, using: Using, after: Cursor = None, limit: Limit = 50) -> dict[str, Any]:
    return shapes.page(await using.messages.contacts(instance, after=after, limit=limit), shapes.contact)
