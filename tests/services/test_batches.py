"""Live streams in batches: what comes together is handed on together, and no stream of events keeps a batch open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from recado.domain.events import LoggedEvent
from recado.services.delivery.batches import batches

NOW = datetime(2026, 3, 10, tzinfo=UTC)


def event(position: int) -> LoggedEvent:
    told: dict[str, Any] = {"id": UUID(int=position), "type": "t", "time": NOW, "instance_id": None}
    return LoggedEvent(**told, instance_name=None, position=position)


async def flow(pause: float) -> AsyncGenerator[LoggedEvent, None]:
    """Events without end, one each `pause` seconds."""
    position = 0
    while True:
        yield event(position := position + 1)
        await asyncio.sleep(pause)


async def test_events_that_never_stop_do_not_keep_a_batch_open():
    given = batches(flow(0.002), silence=60, gather=0.02)
    first, second = await anext(given), await anext(given)
    await given.aclose()

    assert 1 <= len(first) < 100
    assert [one.position for one in first + second] == list(range(1, len(first + second) + 1))


async def test_silence_is_told():
    async def nothing() -> AsyncGenerator[LoggedEvent, None]:
        await asyncio.Event().wait()
        yield event(1)

    given = batches(nothing(), silence=0.01)
    assert await anext(given) == []
    await given.aclose()
