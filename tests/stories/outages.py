"""A PostgreSQL of a test's own that is killed, comes back, or stands still with all its processes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from recado.store import embedded


class Postgres:
    """`down` kills it and lets it stay dead until the end of the block; `still` stops it as SIGSTOP does."""

    def __init__(self, server: embedded.Server) -> None:
        self.server = server
        self._may_live = asyncio.Event()
        self._may_live.set()

    @property
    def url(self) -> str:
        return self.server.url

    async def keep(self) -> None:
        """Start it again whenever it has died and may live, as an operating system would."""
        while True:
            await self.server.died()
            await self._may_live.wait()
            await self.server.start()

    def kill(self) -> None:
        """-9, and it stays away until `come_back`."""
        self._may_live.clear()
        os.kill(self.server.pid, signal.SIGKILL)

    def come_back(self) -> None:
        self._may_live.set()

    @contextmanager
    def still(self) -> Iterator[None]:
        """None of its processes does anything."""
        stopped = [self.server.pid, *_children(self.server.pid)]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                _wake(pid)


@asynccontextmanager
async def postgres(directory: Path) -> AsyncIterator[Postgres]:
    async with embedded.serve(directory / "postgres") as server:
        own = Postgres(server)
        keeper = asyncio.create_task(own.keep())
        try:
            yield own
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])


def _children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _wake(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        return
