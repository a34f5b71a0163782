"""Webhooks as cursors on the log: what arrives, in which order, and what stands still for whom."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from uuid import UUID

import pytest

from recado.domain.delivery import Delivered, Failed
from recado.domain.events import INSTANCE_STATE, MESSAGE_SENT
from recado.store import leases, log
from tests.services.delivery import ANA, BIA, Desk, chats_of
from tests.waiting import until


@pytest.fixture
async def desk(db, clock, bell) -> Desk:
    return Desk(db, clock, bell)


async def test_what_is_committed_arrives(desk: Desk):
    await desk.webhook("http://a/")
    async with desk.dispatching():
        positions = await desk.append(1, 2, 3)
        await desk.sinks["http://a/"].until(lambda: len(desk.sinks["http://a/"].taken) == 3)
    assert sorted(parcel.event.position for parcel in desk.sinks["http://a/"].taken) == positions


async def test_what_happened_before_a_webhook_was_made_does_not_arrive(desk: Desk):
    await desk.append(1)
    await desk.webhook("http://a/")
    async with desk.dispatching():
        [after] = await desk.append(1)
        sink = desk.sinks["http://a/"]
        await sink.until(lambda: bool(sink.taken))
    assert [parcel.event.position for parcel in sink.taken] == [after]


async def test_each_chat_keeps_its_order_while_the_receiver_takes_different_times(desk: Desk):
    seed = random.randrange(2**32)
    print(f"{seed=}")
    dice = random.Random(seed)

    async def dawdle(_):
        for _ in range(dice.randrange(20)):
            await asyncio.sleep(0)
        return Delivered(status=200)

    sink = desk.sinks["http://a/"]
    sink.answer = dawdle
    await desk.webhook("http://a/")
    async with desk.dispatching():
        for _ in range(20):
            await desk.append(*(dice.randrange(1, 8) for _ in range(50)))
        await sink.until(lambda: len(sink.taken) == 1000)
    assert {chat: positions == sorted(set(positions)) for chat, positions in chats_of(sink).items()} == dict.fromkeys(
        chats_of(sink), True
    )


async def test_chats_go_out_at_the_same_time(desk: Desk):
    sink = desk.sinks["http://a/"]
    everybody = asyncio.Event()

    async def together(_):
        if len(sink.tried) == 20:
            everybody.set()
        await everybody.wait()
        return Delivered()

    sink.answer = together
    await desk.webhook("http://a/")
    async with desk.dispatching():
        await desk.append(*range(1, 21))
        await sink.until(lambda: len(sink.taken) == 20)


async def test_at_most_50_are_in_flight(desk: Desk):
    sink = desk.sinks["http://a/"]
    gate = asyncio.Event()
    most = 0

    async def count(_):
        nonlocal most
        most = max(most, len(sink.tried) - len(sink.taken))
        await gate.wait()
        return Delivered()

    sink.answer = count
    await desk.webhook("http://a/")
    async with desk.dispatching():
        await desk.append(*range(1, 201))
        await sink.until(lambda: len(sink.tried) >= 50)
        gate.set()
        await sink.until(lambda: len(sink.taken) == 200)
    assert most == 50


async def test_a_webhook_of_one_instance_hears_of_no_other(desk: Desk):
    await desk.webhook("http://a/", instance_id=None)
    await _instance(desk, ANA, "ana")
    await desk.webhook("http://ana/", instance_id=ANA)
    async with desk.dispatching():
        await desk.append(1, instance_id=BIA)
        [hers] = await desk.append(1, instance_id=ANA)
        await desk.sinks["http://ana/"].until(lambda: bool(desk.sinks["http://ana/"].taken))
        await desk.sinks["http://a/"].until(lambda: len(desk.sinks["http://a/"].taken) == 2)
    assert [parcel.event.position for parcel in desk.sinks["http://ana/"].taken] == [hers]


async def test_a_webhook_hears_of_the_types_it_asked_for_only(desk: Desk):
    await desk.webhook("http://a/", events=["message.*"])
    sink = desk.sinks["http://a/"]
    async with desk.dispatching():
        await desk.append(1, type=INSTANCE_STATE)
        await desk.append(1, type=MESSAGE_SENT)
        await sink.until(lambda: bool(sink.taken))
    assert [parcel.event.type for parcel in sink.taken] == [MESSAGE_SENT]


async def test_an_event_committed_late_is_never_skipped(desk: Desk):
    """Two transactions at once: whichever has drawn its position first is seen first, however long it stays open."""
    webhook = await desk.webhook("http://a/")
    sink = desk.sinks["http://a/"]
    async with desk.dispatching():
        async with desk.database.transaction() as slow:
            early = await log.append(slow, [desk.event(1)])
            late = asyncio.ensure_future(desk.append(1))
            desk.bell.ring()
            await _until_somebody_waits_for_the_log(desk)
            assert (sink.tried, late.done()) == ([], False)
        positions = early + await late
        await sink.until(lambda: len(sink.taken) == 2)
        await desk.until_at(webhook, positions[-1])
    assert [parcel.event.position for parcel in sink.taken] == positions


async def test_the_cursor_and_the_attempts_are_written(desk: Desk):
    webhook = await desk.webhook("http://a/")
    async with desk.dispatching():
        positions = await desk.append(1, 1)
        await desk.until_at(webhook, positions[-1])
    assert [(each.position, each.attempt, each.status, each.error) for each in await desk.attempts(webhook)] == [
        (positions[0], 1, 200, None),
        (positions[1], 1, 200, None),
    ]


async def test_a_backlog_of_several_windows_arrives_whole_and_in_order(desk: Desk):
    webhook = await desk.webhook("http://a/")
    sink = desk.sinks["http://a/"]
    positions = [position for _ in range(12) for position in await desk.append(*[1, 2] * 100)]
    async with desk.dispatching():
        await desk.until_at(webhook, positions[-1])
    assert sorted(parcel.event.position for parcel in sink.taken) == positions
    assert all(chat == sorted(chat) for chat in chats_of(sink).values())


async def test_webhooks_that_catch_up_from_the_same_place_share_what_is_read(desk: Desk, monkeypatch):
    names = [f"http://{number}/" for number in range(8)]
    ids = [await desk.webhook(name) for name in names]
    positions = [position for _ in range(8) for position in await desk.append(*[1, 2] * 100)]
    reads, read = [], log.window

    async def counted(tx, after, **wish):
        reads.append(after)
        return await read(tx, after, **wish)

    monkeypatch.setattr("recado.services.delivery.tail.log.window", counted)
    async with desk.dispatching():
        for id in ids:
            await desk.until_at(id, positions[-1])
    assert [len(desk.sinks[name].taken) for name in names] == [1600] * 8
    assert {after: reads.count(after) for after in reads if 0 < after < positions[-1] - 500} == {500: 1, 1000: 1}


async def test_what_is_in_hand_is_bounded_by_bytes_too(desk: Desk, monkeypatch):
    """Each of these events fills the window alone: they go out one at a time, although their chats are free."""
    monkeypatch.setattr("recado.services.delivery.courier.WINDOW_BYTES", 100)
    sink, most = desk.sinks["http://a/"], 0

    async def count(_):
        nonlocal most
        most = max(most, len(sink.tried) - len(sink.taken))
        return Delivered()

    sink.answer = count
    webhook = await desk.webhook("http://a/")
    async with desk.dispatching():
        positions = await desk.append(*range(1, 21))
        await desk.until_at(webhook, positions[-1])
    assert (most, len(sink.taken)) == (1, 20)


async def test_a_slow_webhook_falls_behind_and_catches_up_without_a_gap(desk: Desk):
    webhook = await desk.webhook("http://a/")
    sink = desk.sinks["http://a/"]
    gate = asyncio.Event()

    async def closed(_):
        await gate.wait()
        return Delivered()

    sink.answer = closed
    async with desk.dispatching():
        positions = [position for _ in range(25) for position in await desk.append(*[1, 2, 3, 4] * 25)]
        await sink.until(lambda: len(sink.tried) == 4)
        gate.set()
        await desk.until_at(webhook, positions[-1])
    assert sorted(parcel.event.position for parcel in sink.taken) == positions


async def test_a_cursor_moves_past_what_nobody_wants_when_dispatch_ends(desk: Desk):
    webhook = await desk.webhook("http://a/", events=[MESSAGE_SENT])
    listener = await desk.webhook("http://b/")
    async with desk.dispatching():
        positions = await desk.append(1, 2)
        await desk.until_at(listener, positions[-1])
    assert await desk.position(webhook) == positions[-1]


async def test_what_is_under_way_when_dispatch_ends_is_finished_and_written_down(desk: Desk):
    webhook = await desk.webhook("http://a/")
    sink = desk.sinks["http://a/"]
    ending = asyncio.Event()

    async def slow(_):
        await ending.wait()
        return Delivered(status=200)

    sink.answer = slow
    async with desk.dispatching(drains_for=timedelta(hours=1)):
        await desk.append(1, 2)
        await sink.until(lambda: len(sink.tried) == 2)
        asyncio.get_running_loop().call_soon(ending.set)
    assert sink.taken == sink.tried
    assert await desk.position(webhook) == sink.taken[-1].event.position


async def test_an_orderly_end_leaves_the_webhooks_to_the_next(desk: Desk):
    webhook = await desk.webhook("https://ana.example/")
    async with desk.dispatching(drains_for=timedelta(hours=1)):
        await desk.until_at(webhook, (await desk.append(1))[0])
    async with desk.database.transaction() as tx:
        free = await leases.acquire(tx, "webhook", [webhook], holder=UUID(int=7), duration=timedelta(seconds=30))
    assert list(free) == [webhook]


async def test_20_receivers_that_are_dead_hang_or_do_not_resolve_delay_a_live_one_by_nothing(desk: Desk):
    """None of the 20 has given its first answer by the time the live one has everything."""
    never = asyncio.Event()

    async def hangs(_):
        await never.wait()
        return Failed(error="no answer in time")

    for number in range(20):
        desk.sinks[f"http://dead-{number}/"].answer = hangs
        await desk.webhook(f"http://dead-{number}/")
    live = await desk.webhook("http://live/")
    async with desk.dispatching():
        positions = [position for _ in range(10) for position in await desk.append(*range(1, 101))]
        await desk.until_at(live, positions[-1])
        await until(lambda: {len(desk.sinks[f"http://dead-{number}/"].tried) for number in range(20)} == {50})
    assert len(desk.sinks["http://live/"].taken) == 1000


async def test_a_webhook_held_by_another_process_is_left_alone(desk: Desk):
    webhook = await desk.webhook("http://a/")
    other = await desk.webhook("http://b/")
    async with desk.database.transaction() as tx:
        await leases.acquire(tx, "webhook", [webhook], holder=ANA, duration=timedelta(hours=1))
    async with desk.dispatching():
        [position] = await desk.append(1)
        await desk.until_at(other, position)
    assert desk.sinks["http://a/"].tried == []


async def test_two_processes_deliver_each_event_once(desk: Desk):
    webhook = await desk.webhook("http://a/")
    sink = desk.sinks["http://a/"]
    async with desk.dispatching(), desk.dispatching():
        positions = await desk.append(*range(1, 51))
        await desk.until_at(webhook, positions[-1])
    assert len(sink.tried) == 50


async def test_a_courier_whose_webhook_was_taken_over_writes_nothing_more(desk: Desk):
    webhook = await desk.webhook("http://a/")
    sink = desk.sinks["http://a/"]
    gate = asyncio.Event()

    async def closed(_):
        await gate.wait()
        return Delivered()

    sink.answer = closed
    async with desk.dispatching():
        before = await desk.position(webhook)
        await desk.append(1)
        await sink.until(lambda: len(sink.tried) == 1)
        async with desk.database.transaction() as tx:
            fence = await leases.evict(tx, "webhook", webhook)
            await tx.execute("UPDATE recado.webhook_cursors SET fence = %s WHERE webhook_id = %s", (fence + 9, webhook))
        gate.set()
        await sink.until(lambda: len(sink.taken) == 1)
    assert (await desk.position(webhook), await desk.attempts(webhook)) == (before, [])


async def _instance(desk: Desk, id, name: str) -> None:
    async with desk.database.transaction() as tx:
        await tx.execute("INSERT INTO public.whatsapp_instances (id, instance_name) VALUES (%s, %s)", (id, name))


async def _until_somebody_waits_for_the_log(desk: Desk) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(30):
        while True:
            async with desk.database.transaction() as tx:
                if (await (await tx.execute(query)).fetchone())[0]:
                    return
