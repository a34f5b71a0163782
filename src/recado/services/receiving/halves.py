"""A batch of which something may be wrong: halved until the wrong one stands alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def by_halves(
    batch: Sequence[T],
    store: Callable[[Sequence[T]], Awaitable[None]],
    rescue: Callable[[T, Exception], Awaitable[None]],
) -> None:
    """Store all of it, in order; one that cannot be stored is given to `rescue`, with the error."""
    try:
        await store(batch)
    except Exception as error:
        if len(batch) == 1:
            await rescue(batch[0], error)
            return
        half = len(batch) // 2
        await by_halves(batch[:half], store, rescue)
        await by_halves(batch[half:], store, rescue)
