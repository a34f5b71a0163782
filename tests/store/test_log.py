"""The event log: one order, that of the commits, over as many days as there are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import psycopg
import pytest

from recado.domain.events import LoggedEvent, NewEvent
from recado.store import log
from recado.store.database import Database, Tx
from recado.store.rows import fetch_value, fetch_values
from tests.store.waiting import until_somebody_waits

MONDAY, TUESDAY, WEDNESDAY = date(2026, 3, 16), date(2026, 3, 17), date(2026, 3, 18)
ONE, TWO = UUID(int=1), UUID(int=2)


def event(number: int, *, type: str = "message.received", instance_id: UUID | None = ONE) -> NewEvent:
    return NewEvent(
        id=UUID(int=1000 + number),
        type=type,
        time=datetime(2026, 3, 16, 12, 0, 0, number, tzinfo=UTC),
        instance_id=instance_id,
        instance_name="loja",
        chat_id=UUID(int=7),
        data={"text": f"olá {number}", "nested": {"none": None}},
    )


def events(numbers: range) -> list[NewEvent]:
    return [event(number) for number in numbers]


async def test_an_empty_log_has_its_head_at_zero_and_its_oldest_at_one(db: Database):
    async with db.transaction() as tx:
        assert (await log.head(tx), await log.oldest(tx), await log.read(tx, 0, 10)) == (0, 1, [])


async def test_positions_start_at_one_and_follow_without_a_gap(db: Database):
    async with db.transaction() as tx:
        assert await log.append(tx, events(range(3))) == [1, 2, 3]
        assert await log.append(tx, events(range(3, 5))) == [4, 5]


async def test_nothing_to_append_draws_nothing(db: Database):
    async with db.transaction() as tx:
        assert await log.append(tx, []) == []
        assert await log.append(tx, [event(1)]) == [1]


async def test_an_event_is_read_as_it_was_written(db: Database):
    async with db.transaction() as tx:
        await log.append(tx, [event(1)])
        assert await log.read(tx, 0, 10) == [
            LoggedEvent(
                position=1,
                id=UUID(int=1001),
                type="message.received",
                time=datetime(2026, 3, 16, 12, 0, 0, 1, tzinfo=UTC),
                instance_id=ONE,
                instance_name="loja",
                chat_id=UUID(int=7),
                data={"text": "olá 1", "nested": {"none": None}},
            )
        ]


async def test_reading_goes_over_days_in_order_and_stops_at_its_limit(db: Database):
    async with db.transaction() as tx:
        await fill_three_days(tx)
        assert [e.position for e in await log.read(tx, 8, 15)] == list(range(9, 24))


async def test_reading_one_instance_or_some_types_leaves_out_the_rest(db: Database):
    async with db.transaction() as tx:
        await log.append(tx, [event(1), event(2, instance_id=TWO), event(3, type="instance.state"), event(4)])
        assert [e.position for e in await log.read(tx, 0, 10, instance_id=TWO)] == [2]
        assert [e.position for e in await log.read(tx, 0, 10, types=["instance.state"])] == [3]
        assert await log.read(tx, 0, 10, types=[]) == []


async def test_head_and_oldest_are_the_ends_of_what_is_kept(db: Database):
    async with db.transaction() as tx:
        await fill_three_days(tx)
        assert (await log.head(tx), await log.oldest(tx)) == (30, 1)


async def test_a_day_never_goes_back(db: Database):
    async with db.transaction() as tx:
        await log.append(tx, [event(1)], today=TUESDAY)
        await log.append(tx, [event(2)], today=MONDAY)
        assert await fetch_values(tx, "SELECT day FROM recado.event_log ORDER BY position") == [TUESDAY, TUESDAY]


async def test_what_was_rolled_back_leaves_no_event_and_no_day(db: Database):
    async with db.transaction() as tx:
        await log.append(tx, [event(1)], today=MONDAY)
        await tx.execute("SAVEPOINT here")
        await log.append(tx, [event(2)], today=TUESDAY)
        await tx.execute("ROLLBACK TO here")
        assert await log.head(tx) == 1
        await log.append(tx, [event(3)], today=TUESDAY)
        assert [e.id for e in await log.read(tx, 1, 10)] == [event(3).id]


async def test_an_event_that_is_committed_late_is_never_skipped(db: Database):
    """The early one draws its position first and commits last: whoever reads meanwhile must not pass it."""
    may_commit = asyncio.Event()
    has_drawn = asyncio.Event()
    seen: list[int] = []

    async def early() -> None:
        async with db.transaction() as tx:
            await log.append(tx, [event(1)])
            has_drawn.set()
            await may_commit.wait()

    async def late() -> None:
        await has_drawn.wait()
        async with db.transaction() as tx:
            await log.append(tx, [event(2)])

    async def follow() -> None:
        async with db.transaction() as tx:
            seen.extend(e.position for e in await log.read(tx, seen[-1] if seen else 0, 10))

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(early())
        later = group.create_task(late())
        await until_somebody_waits(db)
        await follow()
        assert seen == []
        may_commit.set()
        await later
    await follow()
    assert seen == [1, 2]


async def test_many_writers_leave_one_order_without_gaps(db: Database):
    """A reader that polls all the while sees every position once, in order."""
    seen: list[int] = []
    is_over = asyncio.Event()

    async def write(numbers: range) -> None:
        for number in numbers:
            async with db.transaction() as tx:
                await log.append(tx, [event(number), event(number + 1000)])

    async def follow() -> None:
        while len(seen) < 200 or not is_over.is_set():
            async with db.transaction() as tx:
                seen.extend(e.position for e in await log.read(tx, seen[-1] if seen else 0, 7))

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(follow())
        async with asyncio.TaskGroup() as writers:
            for first in range(0, 100, 25):
                writers.create_task(write(range(first, first + 25)))
        is_over.set()
    assert seen == list(range(1, 201))


async def test_a_new_day_begins_while_somebody_reads_the_log_and_appends(db: Database):
    """A transaction that has read the log and then waits to append must not stand in the way of the new day."""
    async with db.transaction() as tx:
        await log.append(tx, [event(1)], today=MONDAY)
    has_read, has_drawn = asyncio.Event(), asyncio.Event()

    async def read_then_append() -> None:
        async with db.transaction() as tx:
            await log.read(tx, 0, 10)
            has_read.set()
            await has_drawn.wait()
            await log.append(tx, [event(3)], today=TUESDAY)

    async def begin_a_day() -> None:
        await has_read.wait()
        async with db.transaction() as tx:
            await log.append(tx, [event(2)], today=TUESDAY)
            has_drawn.set()
            await until_somebody_waits(db)

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(read_then_append())
        group.create_task(begin_a_day())
    async with db.transaction() as tx:
        assert [e.id for e in await log.read(tx, 0, 10)] == [event(1).id, event(2).id, event(3).id]


@pytest.mark.parametrize("plan_cache_mode", ["force_custom_plan", "force_generic_plan"])
async def test_reading_by_position_enters_each_day_by_its_index(db: Database, plan_cache_mode: str):
    async with db.transaction() as tx:
        await fill_three_days(tx)
        await tx.execute("SELECT set_config('plan_cache_mode', %s, true)", (plan_cache_mode,))
        # On so few rows a plain scan would be chosen on cost; what is asked here is whether the index can serve.
        await tx.execute("SET LOCAL enable_seqscan = off")
        plan = await explain(tx)
    scans = [node for node in nodes(plan) if node.get("Relation Name", "").startswith("event_log_")]
    assert {node["Node Type"] for node in scans} == {"Index Scan"}
    assert all("day =" in node["Index Cond"] and "position" in node["Index Cond"] for node in scans)


async def test_a_window_ends_once_it_has_the_bytes_that_were_asked_for(db: Database):
    told = [replace(event(number), data={"text": "a" * 1000}) for number in range(1, 6)]
    async with db.transaction() as tx:
        await log.append(tx, told)
        size = len('{"text":""}') + 1000
        looks = [await log.window(tx, 0, limit=10, max_bytes=most) for most in (1, size, size + 1, 3 * size, 99 * size)]
        whole = await log.window(tx, 2, limit=10, max_bytes=99 * size)
    assert [(len(found.events), found.is_whole) for found in looks] == [
        (1, False),
        (1, False),
        (2, False),
        (3, False),
        (5, True),
    ]
    assert ([one.position for one in whole.events], whole.is_whole) == ([3, 4, 5], True)


async def test_a_window_that_is_full_is_not_taken_for_the_whole(db: Database):
    async with db.transaction() as tx:
        await log.append(tx, [event(number) for number in range(1, 4)])
        looks = [await log.window(tx, 0, limit=limit, max_bytes=1 << 20) for limit in (2, 3, 4)]
        nothing = await log.window(tx, 3, limit=4, max_bytes=1 << 20)
    assert [(len(found.events), found.is_whole) for found in looks] == [(2, False), (3, False), (3, True)]
    assert (nothing.events, nothing.is_whole) == ([], True)


async def test_reading_leaves_the_days_before_its_position_alone(db: Database):
    async with db.transaction() as tx:
        await fill_three_days(tx)
        plan = await explain(tx)
    entered = {node["Relation Name"] for node in nodes(plan) if node.get("Actual Loops") and "Relation Name" in node}
    assert "event_log_20260316" not in entered


async def fill_three_days(tx: Tx) -> None:
    """Ten events on each of three days: positions 1-10, 11-20, 21-30."""
    for first, day in ((0, MONDAY), (10, TUESDAY), (20, WEDNESDAY)):
        await log.append(tx, events(range(first, first + 10)), today=day)


async def explain(tx: Tx) -> dict:
    """The plan of a read after position 15, executed."""
    query = log.READ
    for number, name in enumerate(("after", "limit", "instance_id", "types"), 1):
        query = query.replace(f"%({name})s", f"${number}")
    await tx.execute(f"PREPARE read (bigint, bigint, uuid, text[]) AS {query}")
    return (await fetch_value(tx, "EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE read (15, 100, NULL, NULL)"))[0]["Plan"]


def nodes(plan: dict) -> Iterator[dict]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


async def test_events_that_come_with_the_commit_are_there_after_it(db: Database):
    told = [replace(event(1), data={"text": 'it\'s \\ "so" é'}), event(2)]
    async with db.transaction() as tx:
        log.append_last(tx, told[:1])
        log.append_last(tx, told[1:])
        assert await log.head(tx) == 0

    async with db.glance() as tx:
        assert [(one.position, one.data) for one in await log.read(tx, 0, 10)] == [(1, told[0].data), (2, told[1].data)]


async def test_events_that_cannot_be_kept_undo_what_was_to_come_with_them(db: Database):
    async def write() -> None:
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO recado.settings (key, value) VALUES ('a', '1')")
            log.append_last(tx, [replace(event(1), type="\0")])

    with pytest.raises(psycopg.errors.UntranslatableCharacter):
        await write()
    async with db.transaction() as tx:
        assert await fetch_value(tx, "SELECT count(*) FROM recado.settings WHERE key = 'a'") == 0
        await log.append(tx, [event(2)])
        assert [one.id for one in await log.read(tx, 0, 10)] == [event(2).id]
