"""The event stream over WebSocket and server-sent events, both resumable from any position still kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Query, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from starlette.requests import HTTPConnection

from recado.domain.access import Access
from recado.domain.errors import Invalid, RecadoError
from recado.domain.events import EVENT_TYPES, LoggedEvent, envelope
from recado.services.access import require

from . import problems, shapes
from .context import Services, Using, access_of, allowed, services

router = APIRouter(prefix="/v1/events", tags=["events"])

HEARTBEAT_SECONDS = 15.0
_CLOSE_REFUSED = 4400

After = Annotated[int | None, Query(ge=0, description="Go on behind this position (`seq`); without it: from now on")]
Types = Annotated[str | None, Query(description="Only these types, comma-separated; `message.*` takes a family")]
OfInstance = Annotated[str | None, Query(alias="instance", description="Only of this instance")]


@router.post("/ticket", summary="A one-use ticket (60 s) for a browser, which cannot send headers with a stream")
async def ticket(using: Using, access: Annotated[Access, Depends(allowed("events"))]) -> dict[str, Any]:
    secret, expires_at = await using.keys.ticket(access)
    return {"ticket": secret, "expires_at": shapes.time(expires_at)}


@router.get("", summary="Events as server-sent events; or connect with a WebSocket", response_class=StreamingResponse)
async def sse(
    connection: HTTPConnection,
    using: Using,
    after: After = None,
    types: Types = None,
    instance: OfInstance = None,
    ticket: str | None = None,
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
) -> StreamingResponse:
    access = await _access(connection, using, ticket)
    position = last_event_id if last_event_id is not None else after
    stream = await using.streams.subscribe(access, after=position, types=_types(types), instance=instance)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_sse_frames(stream), media_type="text/event-stream", headers=headers)


@router.websocket("")
async def websocket(
    socket: WebSocket,
    after: After = None,
    types: Types = None,
    instance: OfInstance = None,
    ticket: str | None = None,
) -> None:
    """One event a text frame. A refusal is accepted first, then said as a problem frame, then closed with 4400."""
    using = services(socket)
    await socket.accept()
    try:
        access = await _access(socket, using, ticket)
        stream = await using.streams.subscribe(access, after=after, types=_types(types), instance=instance)
    except RecadoError as error:
        await _refuse(socket, error)
        return
    async with asyncio.TaskGroup() as tasks:
        reader = tasks.create_task(_until_gone(socket))
        writer = tasks.create_task(_write(socket, stream))
        await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_COMPLETED)
        reader.cancel()
        writer.cancel()


async def _access(connection: HTTPConnection, using: Services, ticket: str | None) -> Access:
    access = await using.keys.redeem(ticket) if ticket is not None else await access_of(connection, using)
    require(access, "events")
    return access


def _types(text: str | None) -> frozenset[str] | None:
    """The event types meant by `message.received,instance.*`; None when all are."""
    if text is None:
        return None
    chosen: set[str] = set()
    for wish in filter(None, (part.strip() for part in text.split(","))):
        family = wish.removesuffix("*")
        matching = {name for name in EVENT_TYPES if name == wish or (family != wish and name.startswith(family))}
        if not matching:
            raise Invalid(
                "unknown_event_type",
                f"There is no event type {wish!r}.",
                field="types",
                hint="Known: " + ", ".join(EVENT_TYPES),
            )
        chosen |= matching
    return frozenset(chosen)


async def _until_gone(socket: WebSocket) -> None:
    try:
        while True:
            await socket.receive()
    except (WebSocketDisconnect, RuntimeError):
        return


async def _write(socket: WebSocket, stream: AsyncIterator[LoggedEvent]) -> None:
    try:
        async with aclosing(stream) as events:  # type: ignore[type-var]
            async for event in events:
                await socket.send_text(orjson.dumps(envelope(event)).decode())
    except RecadoError as error:
        await _refuse(socket, error)
    except (WebSocketDisconnect, RuntimeError):
        return


async def _refuse(socket: WebSocket, error: RecadoError) -> None:
    await socket.send_text(bytes(problems.of(error).body).decode())
    await socket.close(code=_CLOSE_REFUSED, reason=error.code)


async def _sse_frames(stream: AsyncIterator[LoggedEvent]) -> AsyncIterator[bytes]:
    """Frames with the position as their id; a comment every 15 s keeps proxies from closing."""
    yield b": recado\nretry: 2000\n\n"
    pending: asyncio.Task[LoggedEvent] | None = None
    try:
        while True:
            pending = pending or asyncio.ensure_future(anext(stream))  # type: ignore[arg-type]
            done, _ = await asyncio.wait({pending}, timeout=HEARTBEAT_SECONDS)
            if not done:
                yield b": still here\n\n"
                continue
            event = pending.result()
            pending = None
            yield b"id: %d\nevent: %b\ndata: %b\n\n" % (
                event.position,
                event.type.encode(),
                orjson.dumps(envelope(event)),
            )
    except StopAsyncIteration:
        return
    except RecadoError as error:
        yield b"event: problem\ndata: %b\n\n" % bytes(problems.of(error).body)
    finally:
        if pending is not None:
            pending.cancel()


def _sse_frame(event: LoggedEvent) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (event.position, event.type.encode(), orjson.dumps(envelope(event)))
