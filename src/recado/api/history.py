"""The phone's history over HTTP: how far it is stored, and older messages of a chat on demand."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response, status
from pydantic import Field

from recado.domain.history import MOST_AT_ONCE, history_json
from recado.domain.instances import Instance

from . import shapes
from .context import Using, named
from .inputs import Body, Limit

router = APIRouter(prefix="/v1/instances/{name}", tags=["history"])

Readable = Annotated[Instance, Depends(named("messages:read"))]

_FEW: Final = 50


class Wanted(Body):
    count: int = Field(_FEW, ge=1, le=MOST_AT_ONCE, description="How many older messages")


@router.get("/history", summary="How far the phone's history is stored, and the pieces that it comes in")
async def show(instance: Readable, using: Using, limit: Limit = _FEW) -> shapes.History:
    pieces = [
        shapes.HistoryPiece.model_validate(piece) for piece in await using.histories.pieces(instance, limit=limit)
    ]
    return shapes.History(**history_json(await using.histories.progress(instance)), pieces=pieces)


@router.post(
    "/chats/{chat_id}/history",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Ask the phone for older messages of a chat",
    responses={200: {"model": shapes.OlderMessages, "description": "It has come to its end (with `wait=answered`)"}},
)
async def ask(
    body: Wanted,
    response: Response,
    using: Using,
    instance: Readable,
    chat_id: UUID,
    wait: Annotated[
        Literal["answered"] | None, Query(description="Answer when it has come to its end, after 60 s at the latest")
    ] = None,
) -> shapes.OlderMessages:
    request = await using.histories.ask(instance, chat_id, body.count)
    if wait is not None:
        request = await using.histories.settled(request)
    if request.state != "asked":
        response.status_code = status.HTTP_200_OK
    return shapes.OlderMessages.model_validate(request)


@router.get("/chats/{chat_id}/history", summary="What was asked of the phone about a chat, newest first")
async def requests(instance: Readable, using: Using, chat_id: UUID, limit: Limit = _FEW) -> list[shapes.OlderMessages]:
    found = await using.histories.requests(instance, chat_id, limit=limit)
    return [shapes.OlderMessages.model_validate(request) for request in found]
