"""What a cursor may count as had: all that came while it listened, nothing that came after it was called away."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from recado.domain.delivery import Delivered
from recado.services.delivery.feed import Feed, Seat
from recado.services.delivery.tail import Tail, Wish
from tests.services.delivery import Desk, running
from tests.waiting import until

URL = "https://example.com/hook"


@pytest.fixture
async def desk(db, clock, bell) -> Desk:
    return Desk(db, clock, bell)


async def test_who_is_called_away_has_not_had_what_comes_afterwards(desk: Desk):
    tail = Tail(desk.database, desk.bell, desk.clock)
    feed = Feed(tail, 0, Wish())

    async def read() -> None:
        async with aclosing(feed.windows()) as windows:
            async for _ in windows:
                pass

    async with running(tail.run()):
        reading = asyncio.ensure_future(read())
        await until(lambda: feed.idle_at is not None)
        reading.cancel()
        await asyncio.wait([reading])
        [position] = await desk.append(1)
        async with tail.join(Seat(), Wish()) as reached:
            assert reached == position
            assert feed.idle_at is None


async def test_what_comes_while_a_webhook_changes_hands_in_this_process_is_not_lost(desk: Desk):
    webhook = await desk.webhook(URL)
    gate = asyncio.Event()

    async def waits(_):
        await gate.wait()
        return Delivered(status=200)

    sink = desk.sinks[URL]
    sink.answer = waits
    async with desk.dispatching() as dispatch:
        await desk.append(1)
        await sink.until(lambda: len(sink.tried) == 1)
        async with desk.database.transaction() as tx:
            await tx.execute(
                "UPDATE recado.webhooks SET updated_at = updated_at + interval '1 s' WHERE id = %s", [webhook]
            )
        desk.changes.ring()
        await until(lambda: dispatch._tail.audience == 0)
        [position] = await desk.append(1)
        async with dispatch._tail.join(Seat(), Wish()) as reached:
            assert reached == position
        gate.set()
        await sink.until(lambda: len(sink.taken) == 2)
    assert sink.taken[-1].event.position == position
