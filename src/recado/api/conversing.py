"""What others see of a number, over HTTP: that it has read, writes, is there; and whom it watches."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, status
from pydantic import Field

from recado.domain.instances import Instance
from recado.services.conversing import TypingState

from . import chat_shapes
from .context import Using, named
from .inputs import Body
from .language import Said

router = APIRouter(prefix="/v1/instances/{name}", tags=["presence"])

Speaking = Annotated[Instance, Depends(named("messages:send"))]


class TypingWanted(Body):
    state: TypingState = Field(description="What is shown until it is changed, or for some seconds")


class PresenceWanted(Body):
    state: Literal["available", "unavailable"] = Field(
        description="While a number is available its phone shows no notifications"
    )


@router.post("/chats/{chat_id}/read", summary="Mark all of a chat as read, here and at WhatsApp")
async def read(instance: Speaking, using: Using, language: Said, chat_id: UUID) -> chat_shapes.ListedChat:
    chat = await using.conversations.read(instance, chat_id)
    return chat_shapes.chat(await using.chats.get(instance, chat.id), language)


@router.post(
    "/chats/{chat_id}/typing",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Show that this number writes or records in a chat",
)
async def type_(body: TypingWanted, instance: Speaking, using: Using, chat_id: UUID) -> None:
    await using.conversations.type(instance, chat_id, body.state)


@router.post("/presence", status_code=status.HTTP_204_NO_CONTENT, summary="Show that this number is there, or not")
async def show(body: PresenceWanted, instance: Speaking, using: Using) -> None:
    await using.conversations.show(instance, is_available=body.state == "available")


@router.post(
    "/contacts/{contact_id}/watch",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Be told when a person comes and goes, until the connection ends",
)
async def watch(instance: Speaking, using: Using, contact_id: UUID) -> None:
    await using.conversations.watch(instance, contact_id)
