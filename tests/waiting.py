"""Waiting for something to become true, where there is no event to wait for."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any


async def until(condition: Callable[[], Any], *, guard: float = 60) -> Any:
    """Ask again and again (the condition may be async) until it is true; `guard` seconds are only against hanging."""
    try:
        async with asyncio.timeout(guard):
            while True:
                answer = condition()
                if inspect.isawaitable(answer):
                    answer = await answer
                if answer:
                    return answer
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"this never became true: {inspect.getsource(condition).strip()}") from None
