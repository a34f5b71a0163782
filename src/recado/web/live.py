"""Live pages: the event log from the position that the page was drawn at, as pieces of HTML.

A piece is drawn from the database at that moment, never from the event, so it may come twice or late without harm. Each
is an element with an `id`; the page's script puts it in place of the one with that id, else into the list that its
`data-into` names, at the place that `data-order` gives it (see static/recado.js). `<del id="…">` takes one away.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Final
from uuid import UUID

from fastapi.responses import StreamingResponse

from recado.domain.errors import Gone, Invalid, RecadoError
from recado.domain.events import LoggedEvent
from recado.services.delivery.batches import batches

from .page import Page

SILENCE_SECONDS: Final = 15.0
GATHER_SECONDS: Final = 0.05

Draw = Callable[[Sequence[LoggedEvent]], Awaitable[str]]


async def live(
    page: Page,
    after: int,
    draw: Draw,
    *,
    types: frozenset[str] | None = None,
    instance_id: UUID | None = None,
    every: float | None = None,
    gather: float = GATHER_SECONDS,
) -> StreamingResponse:
    """Everything after that position, as `draw` makes HTML of it; what comes within `gather` seconds together.

    Of one instance with its id, which may be removed meanwhile: its end is among the events.

    With `every` (seconds) it is drawn that often also when nothing has come, for what no event tells; `types` should
    then be few. What is the same as before is not sent.
    """
    try:
        stream = await page.services.streams.subscribe(page.access, after=after, types=types, instance_id=instance_id)
    except (Gone, Invalid):
        return _response(_stale())
    return _response(_frames(stream, draw, gather) if every is None else _ticks(stream, draw, after, every))


async def _frames(stream: AsyncGenerator[LoggedEvent, None], draw: Draw, gather: float) -> AsyncGenerator[bytes, None]:
    try:
        yield b": recado\n\n"
        async with aclosing(batches(stream, silence=SILENCE_SECONDS, gather=gather)) as given:
            async for batch in given:
                yield frame(batch[-1].position, await draw(batch)) if batch else b": still here\n\n"
    except RecadoError:
        yield b"event: later\ndata:\n\n"


async def _ticks(
    stream: AsyncGenerator[LoggedEvent, None], draw: Draw, after: int, every: float
) -> AsyncGenerator[bytes, None]:
    drawn = ""
    try:
        yield b": recado\n\n"
        async with aclosing(batches(stream, silence=every, gather=GATHER_SECONDS)) as given:
            async for batch in given:
                after = batch[-1].position if batch else after
                before, drawn = drawn, await draw(batch)
                yield frame(after, drawn) if drawn != before or batch else b": still here\n\n"
    except RecadoError:
        yield b"event: later\ndata:\n\n"


async def _stale() -> AsyncGenerator[bytes, None]:
    """The log does not reach back to the page any more: it has to be drawn anew."""
    yield b"event: stale\ndata:\n\n"


def frame(position: int, html: str) -> bytes:
    """Also an empty piece is sent, for the position that it carries."""
    lines = "".join(f"data: {line}\n" for line in html.splitlines()) or "data:\n"
    return f"id: {position}\nevent: pieces\n{lines}\n".encode()


def _response(frames: AsyncGenerator[bytes, None]) -> StreamingResponse:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)
