"""The event stream over WebSocket and server-sent events, both resumable from any position still kept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Header, Query, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from starlette.requests import HTTPConnection

from recado.domain.access import Access
from recado.domain.errors import Invalid, RecadoError
from recado.domain.events import LoggedEvent, envelope
from recado.domain.webhooks import event_types
from recado.services.access import require
from recado.services.all import Services
from recado.services.delivery.batches import batches

from . import problems, shapes
from .context import IN_THE_DOCUMENT, Using, access_of, allowed, services_of
from .inputs import Text

router = APIRouter(prefix="/v1/events", tags=["events"])

HEARTBEAT_SECONDS: Final = 15.0
_CLOSE_REFUSED: Final = 4400

Events = AsyncGenerator[LoggedEvent, None]
After = Annotated[str | None, Query(description="Go on behind this position (`seq`); without it: from now on")]
Types = Annotated[Text | None, Query(description="Only these types, comma-separated; `message.*` takes a family")]
OfInstance = Annotated[Text | None, Query(alias="instance", description="Only of this instance")]
WithTicket = Annotated[Text | None, Query(description="From POST /v1/events/ticket, in place of a key")]


@router.post("/ticket", summary="A one-use ticket (60 s) for a browser, which cannot send headers with a stream")
async def ticket(using: Using, access: Annotated[Access, Depends(allowed("events"))]) -> shapes.Ticket:
    secret, expires_at = await using.keys.ticket(access)
    return shapes.Ticket(ticket=secret, expires_at=expires_at)


@router.get(
    "",
    summary="Events as server-sent events; or connect with a WebSocket",
    response_class=StreamingResponse,
    dependencies=IN_THE_DOCUMENT,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def sse(
    connection: HTTPConnection,
    using: Using,
    after: After = None,
    types: Types = None,
    instance: OfInstance = None,
    ticket: WithTicket = None,
    last_event_id: Annotated[str | None, Header(description="What a browser sends when it connects again")] = None,
) -> StreamingResponse:
    position = after if last_event_id is None else last_event_id
    stream = await _subscribe(connection, using, ticket, position, types, instance)
    return StreamingResponse(_frames(stream), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.websocket("")
async def websocket(
    socket: WebSocket,
    after: After = None,
    types: Types = None,
    instance: OfInstance = None,
    ticket: WithTicket = None,
) -> None:
    """One event a text frame. A refusal is accepted first, then said as a problem frame, then closed with 4400."""
    await socket.accept()
    try:
        stream = await _subscribe(socket, services_of(socket), ticket, after, types, instance)
    except RecadoError as error:
        await _refuse(socket, error)
        return
    async with asyncio.TaskGroup() as tasks:
        halves = {tasks.create_task(_until_gone(socket)), tasks.create_task(_write(socket, stream))}
        await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
        for half in halves:
            half.cancel()


async def _subscribe(
    connection: HTTPConnection,
    using: Services,
    ticket: str | None,
    after: str | None,
    types: str | None,
    instance: str | None,
) -> Events:
    access = await using.keys.redeem(ticket) if ticket is not None else await access_of(connection, using)
    require(access, "events")
    wishes = None if types is None else [wish.strip() for wish in types.split(",") if wish.strip()]
    return await using.streams.subscribe(
        access, after=_position(after), types=event_types(wishes, field="types"), instance=instance
    )


def _position(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid(
            "wrong_position",
            "`after` is not a position.",
            field="after",
            hint="Use the `seq` of the last event that you have.",
        )
    return int(text)


async def _until_gone(socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive()


async def _write(socket: WebSocket, stream: Events) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        try:
            async with aclosing(stream) as events:
                async for event in events:
                    await socket.send_text(orjson.dumps(envelope(event)).decode())
        except RecadoError as error:
            await _refuse(socket, error)


async def _refuse(socket: WebSocket, error: RecadoError) -> None:
    await socket.send_text(bytes(problems.of(error).body).decode())
    await socket.close(code=_CLOSE_REFUSED, reason=error.code)


async def _frames(stream: Events) -> AsyncGenerator[bytes, None]:
    """Events, and a comment after every 15 s of silence, which keeps proxies from closing."""
    try:
        yield b": recado\nretry: 2000\n\n"
        async with aclosing(batches(stream, silence=HEARTBEAT_SECONDS)) as given:
            async for batch in given:
                yield b"".join(map(_frame, batch)) or b": still here\n\n"
    except RecadoError as error:
        yield b"event: problem\ndata: %b\n\n" % bytes(problems.of(error).body)


def _frame(event: LoggedEvent) -> bytes:
    """The position is the frame's id, so that a browser resumes by itself."""
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (event.position, event.type.encode(), orjson.dumps(envelope(event)))
