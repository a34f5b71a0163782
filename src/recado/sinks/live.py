"""Events for a client that is connected right now, through a buffer that may not grow without end."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

from recado.domain.delivery import Delivered, Outcome, Refused
from recado.domain.sink import Dropped, Parcel

BUFFER: Final = 1000
BUFFER_BYTES: Final = 8 * 1024 * 1024


class LiveSink:
    """One client. Its reader takes what has been delivered; one that falls too many events or bytes behind is dropped.

    An event alone may have more bytes than `most_bytes`.
    """

    def __init__(self, *, limit: int = BUFFER, most_bytes: int = BUFFER_BYTES) -> None:
        self._limit = limit
        self._most_bytes = most_bytes
        self._bytes = 0
        self._buffer: deque[Parcel] = deque()
        self._changed = asyncio.Event()
        self._end: Dropped | None = None

    @property
    def ended(self) -> Dropped | None:
        return self._end

    async def deliver(self, parcel: Parcel) -> Outcome:
        return self.put(parcel)

    def put(self, parcel: Parcel) -> Outcome:
        """Deliver without waiting: the answer is known at once."""
        if self._end is None and (len(self._buffer) >= self._limit or self._bytes >= self._most_bytes):
            self.drop("stream_too_slow", f"The client was {len(self._buffer)} events behind.")
        if self._end is not None:
            return Refused(error=self._end.detail)
        self._buffer.append(parcel)
        self._bytes += len(parcel.body)
        self._changed.set()
        return Delivered()

    async def close(self) -> None:
        self.drop("stream_closed", "The stream was closed.")

    def drop(self, code: str, detail: str) -> None:
        """End the stream: the reader gets Dropped in place of what it has not read yet."""
        if self._end is None:
            self._end = Dropped(code, detail, hint="Connect again and resume after the last position you have.")
            self._buffer.clear()
            self._bytes = 0
            self._changed.set()

    async def parcels(self) -> AsyncIterator[Parcel]:
        """What has been delivered, in that order, until the stream is ended. Raises Dropped."""
        while True:
            while self._buffer:
                parcel = self._buffer.popleft()
                self._bytes -= len(parcel.body)
                yield parcel
            if self._end is not None:
                raise self._end
            self._changed.clear()
            await self._changed.wait()
