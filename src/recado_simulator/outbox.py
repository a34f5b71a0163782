"""An outbox: what a connection still has to put on its socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

ROOM = 256 * 1024  # bytes waiting before parcels wait in the mailbox instead
LINGER = 0.25  # seconds between the last word and the close
BATCH = 64 * 1024  # bytes in one WebSocket message; it always holds whole frames


class Outbox:
    """Frames in order; many small ones travel in one WebSocket message. `is_closing`: this side closes the socket."""

    def __init__(self) -> None:
        self._frames: list[bytes] = []
        self._waiting = 0
        self._wake = asyncio.Event()
        self._is_ended = False
        self.is_closing = False
        self._gone = asyncio.Event()

    @property
    def has_room(self) -> bool:
        return self._waiting < ROOM

    def put(self, frame: bytes) -> None:
        if self._is_ended:
            return
        self._frames.append(frame)
        self._waiting += len(frame)
        self._wake.set()

    def end(self) -> None:
        """Nothing more is taken; `run` sends the rest and closes."""
        self._is_ended = True
        self._wake.set()

    def gone(self) -> None:
        """The other side has closed: there is nobody to wait for."""
        self._gone.set()
        self.end()

    async def run(self, socket: web.WebSocketResponse, on_room: Callable[[], None]) -> None:
        """Sends until `end`, leaves the client time to act on the last word, then closes the socket.

        whatsmeow may drop what it has read but not handled when the socket closes.
        """
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._flush(socket)
                if self._is_ended and not self._frames:
                    break
                on_room()
        except ConnectionError:
            self.gone()
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                await self._gone.wait()
        self.is_closing = True
        await socket.close()

    async def _flush(self, socket: web.WebSocketResponse) -> None:
        frames, self._frames, self._waiting = self._frames, [], 0
        batch: list[bytes] = []
        size = 0
        for frame in frames:
            batch.append(frame)
            size += len(frame)
            if size >= BATCH:
                await socket.send_bytes(b"".join(batch))
                batch, size = [], 0
        if batch:
            await socket.send_bytes(b"".join(batch))
