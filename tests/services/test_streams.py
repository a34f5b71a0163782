"""Live streams: every event once and in order, from any position, through cuts, for clients fast and slow."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from datetime import date
from uuid import UUID

import pytest

from recado.domain.access import EVERYTHING, Access
from recado.domain.errors import Gone, Invalid, NotFound
from recado.domain.events import INSTANCE_STATE, MESSAGE_RECEIVED, MESSAGE_SENT
from recado.domain.sink import Dropped
from recado.services.delivery.streams import Streams
from recado.services.delivery.tail import Tail
from recado.sinks.live import LiveSink
from recado.store import log
from tests.services.delivery import ANA, BIA, Desk, running
from tests.waiting import until

KEY = UUID(int=77)


@pytest.fixture
async def desk(db, clock, bell) -> Desk:
    return Desk(db, clock, bell)


@pytest.fixture
async def tail(desk: Desk):
    tail = Tail(desk.database, desk.bell, desk.clock)
    async with running(tail.run()):
        yield tail


@pytest.fixture
def streams(desk: Desk, tail: Tail) -> Streams:
    return Streams(desk.database, tail, lambda: LiveSink(limit=100))


async def take(stream, number: int) -> list[int]:
    """The positions of the next events."""
    async with asyncio.timeout(30):
        return [(await anext(stream)).position for _ in range(number)]


async def instance(desk: Desk, id: UUID, name: str) -> None:
    async with desk.database.transaction() as tx:
        await tx.execute("INSERT INTO public.whatsapp_instances (id, instance_name) VALUES (%s, %s)", (id, name))


async def test_a_stream_begins_with_what_comes_after_it_was_asked_for(desk: Desk, streams: Streams):
    await desk.append(1)
    async with aclosing(await streams.subscribe(EVERYTHING)) as stream:
        positions = await desk.append(1, 2)
        assert await take(stream, 2) == positions


async def test_a_stream_goes_on_behind_the_position_given(desk: Desk, streams: Streams):
    positions = await desk.append(1, 2, 3)
    async with aclosing(await streams.subscribe(EVERYTHING, after=positions[0])) as stream:
        assert await take(stream, 2) == positions[1:]


async def test_a_stream_from_the_beginning_has_everything(desk: Desk, streams: Streams):
    positions = [position for _ in range(3) for position in await desk.append(*[1] * 400)]
    async with aclosing(await streams.subscribe(EVERYTHING, after=0)) as stream:
        assert await take(stream, 1200) == positions


async def test_a_stream_that_is_cut_and_resumed_again_and_again_misses_and_repeats_nothing(
    desk: Desk, streams: Streams
):
    """Four writers append at the same time, some of them committing late, while the reader leaves and comes back."""
    seed = random.randrange(2**32)
    print(f"{seed=}")
    dice = random.Random(seed)
    written: list[int] = []

    async def write() -> None:
        for _ in range(40):
            async with desk.database.transaction() as tx:
                for _ in range(dice.randrange(3)):
                    await tx.execute("SELECT 1")
                written.extend(await log.append(tx, [desk.event(1) for _ in range(dice.randrange(1, 6))]))
                for _ in range(dice.randrange(3)):
                    await tx.execute("SELECT 1")
            desk.bell.ring()

    read: list[int] = []
    async with asyncio.TaskGroup() as writers:
        tasks = [writers.create_task(write()) for _ in range(4)]
        while not all(task.done() for task in tasks) or len(read) < len(written):
            async with aclosing(await streams.subscribe(EVERYTHING, after=read[-1] if read else 0)) as stream:
                missing = len(written) - len(read)
                read += await take(stream, dice.randrange(1, max(2, min(30, missing + 1))) if missing else 0)
            await asyncio.sleep(0)
    assert read == sorted(written)


async def test_types_are_chosen_from_the_past_and_from_the_present(desk: Desk, streams: Streams, tail: Tail):
    await desk.append(1, type=MESSAGE_RECEIVED)
    expected = await desk.append(1, type=MESSAGE_SENT)
    async with aclosing(await streams.subscribe(EVERYTHING, after=0, types=frozenset({MESSAGE_SENT}))) as stream:
        reading = asyncio.ensure_future(take(stream, 2))
        await until(lambda: tail.audience == 1)
        await desk.append(1, type=INSTANCE_STATE)
        expected += await desk.append(1, type=MESSAGE_SENT)
        assert await reading == expected


async def test_a_key_of_one_instance_hears_of_no_other(desk: Desk, streams: Streams):
    bound = Access(key_id=KEY, scopes=frozenset({"events"}), instance_id=ANA)
    async with aclosing(await streams.subscribe(bound, after=0)) as stream:
        await desk.append(1, instance_id=BIA)
        before = await desk.append(1, instance_id=ANA)
        assert await take(stream, 1) == before
        await desk.append(1, instance_id=BIA)
        await desk.append(None)
        after = await desk.append(1, instance_id=ANA)
        assert await take(stream, 1) == after


async def test_one_instance_can_be_chosen_by_name(desk: Desk, streams: Streams):
    await instance(desk, ANA, "ana")
    async with aclosing(await streams.subscribe(EVERYTHING, instance="ana")) as stream:
        await desk.append(1, instance_id=BIA)
        hers = await desk.append(1, instance_id=ANA)
        assert await take(stream, 1) == hers


async def test_an_instance_that_the_key_may_not_know_of_is_not_there(desk: Desk, streams: Streams):
    await instance(desk, BIA, "bia")
    with pytest.raises(NotFound):
        await streams.subscribe(Access(key_id=KEY, scopes=frozenset(), instance_id=ANA), instance="bia")


async def test_a_position_older_than_the_log_keeps_is_gone(desk: Desk, streams: Streams):
    async with desk.database.transaction() as tx:
        await log.append(tx, [desk.event(1)], today=date(2026, 3, 1))
        [kept] = await log.append(tx, [desk.event(1)], today=date(2026, 3, 2))
        await tx.execute("DELETE FROM recado.log_days WHERE day = '2026-03-01'")
        await tx.execute("DROP TABLE recado.event_log_20260301")
    with pytest.raises(Gone):
        await streams.subscribe(EVERYTHING, after=kept - 2)
    async with aclosing(await streams.subscribe(EVERYTHING, after=kept - 1)) as stream:
        assert await take(stream, 1) == [kept]


async def test_a_position_that_the_log_has_not_reached_is_refused(desk: Desk, streams: Streams):
    [last] = await desk.append(1)
    with pytest.raises(Invalid):
        await streams.subscribe(EVERYTHING, after=last + 1)


async def test_a_slow_client_is_dropped_with_a_reason_and_the_others_go_on(desk: Desk, streams: Streams):
    slow = await streams.subscribe(EVERYTHING, after=0)
    fast = await streams.subscribe(EVERYTHING, after=0)
    async with aclosing(slow), aclosing(fast):
        first = await desk.append(1)
        assert [await take(slow, 1), await take(fast, 1)] == [first, first]
        joining = asyncio.ensure_future(take(slow, 1))
        seen: list[int] = []
        written = []
        for _ in range(6):
            batch = await desk.append(*[1] * 50)
            written += batch
            seen += await take(fast, 50)
        assert seen == written
        await joining
        with pytest.raises(Dropped) as end:
            await take(slow, 300)
    assert end.value.code == "stream_too_slow"


async def test_a_dropped_client_resumes_where_it_was(desk: Desk, streams: Streams):
    async with aclosing(await streams.subscribe(EVERYTHING, after=0)) as slow:
        first = await desk.append(1)
        assert await take(slow, 1) == first
        at_head = asyncio.ensure_future(anext(slow))
        rest = await desk.append(2)
        seen = [(await at_head).position]
        rest += await desk.append(*[1] * 300)
        with pytest.raises(Dropped):
            await drained(slow, seen)
    last = seen[-1]
    async with aclosing(await streams.subscribe(EVERYTHING, after=last)) as again:
        following = [position for position in rest if position > last]
        assert await take(again, len(following)) == following


async def test_the_streams_of_a_revoked_key_end_and_no_others(desk: Desk, streams: Streams):
    hers = await streams.subscribe(Access(key_id=KEY, scopes=frozenset({"events"})), after=0)
    other = await streams.subscribe(EVERYTHING, after=0)
    async with aclosing(hers), aclosing(other):
        first = await desk.append(1)
        assert [await take(hers, 1), await take(other, 1)] == [first, first]
        streams.drop_key(KEY)
        with pytest.raises(Dropped) as end:
            await take(hers, 1)
        assert end.value.code == "key_revoked"
        assert await take(other, 0) == []
        assert (await desk.append(1)) == await take(other, 1)


async def test_live_clients_at_the_head_share_one_reader(desk: Desk, streams: Streams, tail: Tail, monkeypatch):
    opened = [await streams.subscribe(EVERYTHING) for _ in range(30)]
    reading = [asyncio.ensure_future(take(stream, 2)) for stream in opened]
    await until(lambda: tail.audience == 30)
    reads = 0
    read = log.window

    async def counted(*args, **kwargs):
        nonlocal reads
        reads += 1
        return await read(*args, **kwargs)

    monkeypatch.setattr("recado.services.delivery.tail.log.window", counted)
    positions = await desk.append(1) + await desk.append(1)
    assert await asyncio.gather(*reading) == [positions] * 30
    assert 0 < reads < 30
    for stream in opened:
        await stream.aclose()
    assert tail.audience == 0


async def drained(stream, positions: list[int]) -> None:
    """Read until the stream ends by itself, noting what came."""
    async with asyncio.timeout(30):
        async for event in stream:
            positions.append(event.position)
