"""What is dropped before somebody has had it: it is said, once, and what is left arrives."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import date, timedelta

import pytest

from recado.domain.access import EVERYTHING
from recado.domain.errors import Gone
from recado.domain.events import MESSAGE_RECEIVED, WEBHOOK_GAP, LoggedEvent
from recado.domain.webhooks import Webhook
from recado.services.delivery.streams import Streams
from recado.services.delivery.tail import Tail
from recado.services.delivery.webhooks import Webhooks
from recado.services.upkeep.upkeep import Upkeep
from recado.sinks.live import LiveSink
from recado.store import log
from tests.services.delivery import Desk, running
from tests.services.script import BAD, URL, Script, log_head, pass_time
from tests.services.test_webhooks import Rules
from tests.waiting import until

OLD, NEW = date(2026, 1, 1), date(2026, 3, 14)
RETENTION = timedelta(days=14)


@pytest.fixture
async def desk(db, clock, bell) -> Desk:
    return Desk(db, clock, bell)


@pytest.fixture
def upkeep(desk: Desk) -> Upkeep:
    """With a limit so low that nothing old is kept for anybody."""
    return Upkeep(desk.database, desk.clock, RETENTION, most_bytes=0)


async def append(desk: Desk, day: date, *chats: int) -> list[int]:
    async with desk.database.transaction() as tx:
        positions = await log.append(tx, [desk.event(chat) for chat in chats], today=day)
    desk.bell.ring()
    return positions


async def gaps(desk: Desk) -> list[LoggedEvent]:
    async with desk.database.transaction() as tx:
        return await log.read(tx, 0, 100, types=[WEBHOOK_GAP])


async def test_a_webhook_that_was_away_too_long_is_told_from_where_to_where_and_goes_on(desk: Desk, upkeep: Upkeep):
    webhook = await desk.webhook(URL)
    lost = await append(desk, OLD, 1, 2, 3)
    kept = await append(desk, NEW, 1, 2)
    await upkeep.do()
    async with desk.dispatching():
        await desk.sinks[URL].until(lambda: len(desk.sinks[URL].taken) == 3)
        await desk.until_at(webhook, kept[-1] + 1)
    arrived = sorted((parcel.event for parcel in desk.sinks[URL].taken), key=lambda event: event.position)
    assert [event.position for event in arrived] == [*kept, kept[-1] + 1]
    told = arrived[-1]
    assert (told.type, told.data["webhook_id"], told.data["from"], told.data["to"]) == (
        WEBHOOK_GAP,
        str(webhook),
        lost[0],
        lost[-1],
    )


async def test_a_gap_is_told_once_however_often_dispatch_begins(desk: Desk, upkeep: Upkeep):
    webhook = await desk.webhook(URL)
    await append(desk, OLD, 1)
    [kept] = await append(desk, NEW, 1)
    await upkeep.do()
    for _ in range(3):
        async with desk.dispatching():
            await desk.until_at(webhook, kept + 1)
    assert len(await gaps(desk)) == 1


async def test_a_webhook_that_wants_only_messages_hears_of_its_own_gap_and_of_no_other(desk: Desk, upkeep: Upkeep):
    mine = await desk.webhook(URL, events=["message.*"])
    await append(desk, OLD, 1)
    other = await desk.webhook("http://other/", events=["message.*"])
    [kept] = await append(desk, NEW, 1)
    await upkeep.do()
    async with desk.dispatching():
        await desk.until_at(mine, kept + 1)
        await desk.until_at(other, kept + 1)
    types = {url: sorted(parcel.event.type for parcel in sink.taken) for url, sink in desk.sinks.items()}
    assert types == {URL: [MESSAGE_RECEIVED, WEBHOOK_GAP], "http://other/": [MESSAGE_RECEIVED]}


async def test_parked_events_that_are_dropped_are_a_gap_too(desk: Desk, upkeep: Upkeep):
    webhook, script = await desk.webhook(URL), Script(desk)
    first = (await log_head(desk)) + 1
    script.answers[first] = BAD
    async with desk.dispatching():
        await append(desk, OLD, 1, 2)
        await desk.until_parked(webhook, {first: "waiting"})
        [kept] = await append(desk, NEW, 2)
        await desk.until_at(webhook, kept)
        await upkeep.do()
        desk.changes.ring()
        [gap] = await until(lambda: gaps(desk))
        await desk.until_parked(webhook, {})
    assert (gap.data["from"], gap.data["to"]) == (first, first)


async def test_a_parked_event_that_is_dropped_before_its_time_comes_ends_in_a_gap(desk: Desk):
    """Somebody drops a day by hand, so that nobody is told: the courier finds out by itself."""
    webhook, script = await desk.webhook(URL), Script(desk)
    first = (await log_head(desk)) + 1
    script.answers[first] = BAD
    async with desk.dispatching():
        await append(desk, OLD, 1)
        await desk.until_parked(webhook, {first: "waiting"})
        await append(desk, NEW, 2)
        await drop(desk, OLD)
        await pass_time(desk, timedelta(seconds=5))
        [gap] = await until(lambda: gaps(desk))
    assert (gap.data["from"], gap.data["to"]) == (first, first)


async def test_a_webhook_set_active_again_after_its_events_were_dropped_hears_of_the_gap(desk: Desk, upkeep: Upkeep):
    webhooks = Webhooks(desk.database, desk.clock, desk.changes, Rules(), desk.open_sink)
    made: Webhook = (await webhooks.create(EVERYTHING, url=URL))[0]
    async with desk.database.transaction() as tx:
        await tx.execute("UPDATE recado.webhooks SET state = 'disabled'")
    await append(desk, OLD, 1)
    [kept] = await append(desk, NEW, 1)
    await upkeep.do()
    async with desk.dispatching():
        await webhooks.update(EVERYTHING, made.id, {"state": "active"})
        await desk.until_at(made.id, kept + 1)
    assert [parcel.event.type for parcel in desk.sinks[URL].taken] == [MESSAGE_RECEIVED, WEBHOOK_GAP]


async def test_what_was_given_up_goes_with_its_events(desk: Desk, upkeep: Upkeep):
    webhook = await desk.webhook(URL)
    [old] = await append(desk, OLD, 1)
    [kept] = await append(desk, NEW, 1)
    async with desk.database.transaction() as tx:
        row = "INSERT INTO recado.parked_deliveries (webhook_id, position, state) VALUES (%s, %s, 'dead')"
        await tx.execute(row, (webhook, old))
        await tx.execute(row, (webhook, kept))
    await upkeep.do()
    assert await desk.parked(webhook) == {kept: "dead"}


async def test_a_stream_whose_events_are_dropped_while_it_reads_is_ended_with_a_reason(desk: Desk):
    tail = Tail(desk.database, desk.bell, desk.clock)
    streams = Streams(desk.database, tail, LiveSink)
    await append(desk, OLD, *[1] * 1500)
    [kept] = await append(desk, NEW, 1)
    async with running(tail.run()), aclosing(await streams.subscribe(EVERYTHING, after=0)) as stream:
        seen = [(await anext(stream)).position for _ in range(10)]
        await drop(desk, OLD)
        with pytest.raises(Gone) as end:
            await drained(stream, seen)
    assert (seen == list(range(1, len(seen) + 1)), end.value.code, end.value.extra["oldest"]) == (
        True,
        "position_gone",
        kept,
    )


async def drained(stream: AsyncGenerator[LoggedEvent, None], seen: list[int]) -> None:
    async for event in stream:
        seen.append(event.position)


async def drop(desk: Desk, day: date) -> None:
    async with desk.database.transaction() as tx:
        await tx.execute("DELETE FROM recado.log_days WHERE day = %s", (day,))
        await tx.execute("SELECT recado.drop_day('event_log', %s)", (day,))
