"""Waiting for what another process does, where it cannot ring a bell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

PATIENCE: Final = 60.0  # seconds

T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T]], *, every: float = 0.05) -> T:
    """The first answer that is true; a look costs, so there is one in `every` seconds. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if answer := await look():
                return answer
            await asyncio.sleep(every)
