"""Sending over HTTP: one message, taking one back, what waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Header, Query, Response, status
from pydantic import Field

from recado.domain.errors import Conflict, Invalid
from recado.domain.failures import failure_of
from recado.domain.instances import Instance
from recado.domain.messages import Message, message_json
from recado.domain.status import RANK
from recado.domain.timeline import Language

from . import message_shapes, sending_shapes
from .context import Using, named
from .inputs import Body, Moment, Text
from .language import Said

router = APIRouter(prefix="/v1/instances/{name}", tags=["messages"])

Sendable = Annotated[Instance, Depends(named("messages:send"))]
Readable = Annotated[Instance, Depends(named("messages:read"))]

WAIT: Final = timedelta(seconds=30)
_YEAR: Final = 366 * 24 * 3600


class NewMessage(Body):
    to: Text = Field(description="A phone number, international or national, or a JID", examples=["+5511999990000"])
    text: Text = Field(description="1 to 65,536 characters", examples=["Olá!"])
    quoted: Text | None = Field(None, description="WhatsApp's id (`wa_id`) of the message that this one answers")
    send_at: Moment | None = Field(None, description="Not before this time, at most a year ahead")
    expires_at: Moment | None = Field(None, description="If it has not gone by then it fails as `expired`")
    expires_in: int | None = Field(
        None, ge=1, le=_YEAR, description="The same in seconds, from when it may go: from `send_at`, else from now"
    )


@router.post(
    "/messages",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Send a text",
    responses={201: {"model": sending_shapes.AcceptedMessage, "description": "It has got as far as `wait` asks"}},
)
async def send(
    body: NewMessage,
    response: Response,
    using: Using,
    instance: Sendable,
    language: Said,
    idempotency_key: Annotated[Text | None, Header(max_length=255, min_length=1)] = None,
    wait: Annotated[
        Literal["sent", "delivered"] | None,
        Query(description="Answer when WhatsApp has it, or its recipient; as it stands after 30 s"),
    ] = None,
) -> sending_shapes.AcceptedMessage:
    accepted = await using.outgoing.accept(
        instance,
        to=body.to,
        text=body.text,
        quoted=body.quoted,
        send_at=body.send_at,
        expires_at=body.expires_at,
        expires_in=timedelta(seconds=body.expires_in) if body.expires_in is not None else None,
        idempotency_key=idempotency_key,
        must_be_connected=wait is not None and body.send_at is None,
    )
    if accepted.is_repeat:
        response.headers["Idempotent-Replayed"] = "true"
    message, waiting = accepted.message, accepted.waiting
    if wait is not None and not (waiting and waiting.timing.send_at):
        message = await using.outgoing.settled(message.id, until=wait, timeout=WAIT)
        _refuse_failed(message, language)
        if RANK[message.status] >= RANK[wait]:
            response.status_code = status.HTTP_201_CREATED
        waiting = await using.outgoing.waiting(message)
    halt = using.outgoing.halt(instance)
    return sending_shapes.accepted(message, waiting, instance, halt, language)


@router.post("/messages/{message_id}/cancel", summary="Take back a message that is not on its way yet")
async def cancel(instance: Sendable, using: Using, language: Said, message_id: Text) -> message_shapes.Message:
    message = await using.messages.get(instance, message_id)
    return message_shapes.message(await using.outgoing.cancel(instance, message), language)


@router.get("/queue", summary="What waits to be sent, and what holds it up")
async def queue(instance: Readable, using: Using) -> sending_shapes.Queue:
    return sending_shapes.queue(await using.outgoing.queue(instance))


def _refuse_failed(message: Message, language: Language) -> None:
    if message.status == "cancelled":
        raise Conflict("message_cancelled", "The message was cancelled before it went.")
    if message.status != "failed" or message.error_code is None:
        return
    failure = failure_of(message.error_code)
    raise Invalid(
        "message_failed",
        f"The message was given up ({message.error_code}): {message.error_detail}",
        hint=failure.advice if failure is not None else "",
        message=message_json(message, language),
    )
