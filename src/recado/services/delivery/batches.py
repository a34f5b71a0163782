"""A live stream in batches: what comes in quick succession is handed on together, and silence is told too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from recado.domain.events import LoggedEvent

_AT_MOST: Final = 500


async def batches(
    stream: AsyncGenerator[LoggedEvent, None], *, silence: float, gather: float = 0.0
) -> AsyncGenerator[list[LoggedEvent], None]:
    """Events as they come, those within `gather` seconds of the first together; an empty batch after `silence` of none.

    Closes the stream at its end. Raises what the stream raises, after the events that came before.
    """
    now = asyncio.get_running_loop().time
    coming: asyncio.Future[LoggedEvent] = asyncio.ensure_future(anext(stream))
    try:
        while True:
            batch: list[LoggedEvent] = []
            until = now() + silence
            while len(batch) < _AT_MOST:
                done, _ = await asyncio.wait({coming}, timeout=max(0.0, until - now()))
                if not done or (batch and coming.exception() is not None):
                    break
                until = until if batch else now() + gather
                batch.append(coming.result())
                coming = asyncio.ensure_future(anext(stream))
            yield batch
    finally:
        coming.cancel()
        await asyncio.wait({coming})
        await stream.aclose()
