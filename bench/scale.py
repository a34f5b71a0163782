"""A scale: how much memory each process takes beyond what it had before, at most, while something is done."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from .processes import memory_of

EVERY: Final = 0.05  # seconds


@dataclass(slots=True)
class Scale:
    """MB (PSS) of each process when it began (`base`), and the most beyond that (`grown`)."""

    pids: Mapping[str, int]
    base: dict[str, float] = field(default_factory=dict)
    grown: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.base = {name: memory_of(pid) for name, pid in self.pids.items()}
        self.grown = dict.fromkeys(self.pids, 0.0)

    def weigh(self) -> None:
        for name, pid in self.pids.items():
            self.grown[name] = max(self.grown[name], memory_of(pid) - self.base[name])


@contextlib.asynccontextmanager
async def weighed(**pids: int) -> AsyncIterator[Scale]:
    """Weigh these processes until the end of the block."""
    scale = Scale(pids)

    async def watch() -> None:
        while True:
            scale.weigh()
            await asyncio.sleep(EVERY)

    watching = asyncio.ensure_future(watch())
    try:
        yield scale
    finally:
        watching.cancel()
        await asyncio.wait([watching])
