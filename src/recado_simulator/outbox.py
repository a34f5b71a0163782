"""An outbox: what a connection still has to put on its socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import ClientConnectionResetError, web

ROOM = 256 * 1024  # bytes waiting before parcels wait in the mailbox instead
BATCH = 64 * 1024  # bytes in one WebSocket message; it always holds whole frames


class Outbox:
    """Frames in order; many small ones travel in one WebSocket message."""

    def __init__(self) -> None:
        self._frames: list[bytes] = []
        self._waiting = 0
        self._wake = asyncio.Event()
        self._is_ended = False

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
        """Nothing more is taken; `run` returns when the rest is out."""
        self._is_ended = True
        self._wake.set()

    async def run(self, socket: web.WebSocketResponse, on_room: Callable[[], None]) -> None:
        """Sends until `end`, then closes the socket; returns early when the other side is gone."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._flush(socket)
                if self._is_ended and not self._frames:
                    break
                on_room()
        except ClientConnectionResetError:
            self.end()
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
