"""Days that come and go: partitions are ready in time, and go when nobody needs them."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from recado.domain.events import NewEvent
from recado.store import days, log
from recado.store.database import Database, Tx
from recado.store.rows import fetch_values
from tests.store.waiting import until_somebody_waits

FIRST = date(2026, 3, 1)
TODAY = date(2026, 3, 20)
WEEK = timedelta(days=7)


async def test_tomorrow_is_made_ready_for_every_table(db: Database):
    async with db.transaction() as tx:
        await days.prepare(tx, today=TODAY)
        assert await partitions(tx) == [
            "delivery_attempts_20260320",
            "delivery_attempts_20260321",
            "event_log_20260320",
            "event_log_20260321",
        ]


async def test_preparing_twice_does_no_harm(db: Database):
    async with db.transaction() as tx:
        await days.prepare(tx, today=TODAY)
        await days.prepare(tx, today=TODAY)
        assert len(await partitions(tx)) == 4


async def test_two_who_make_the_same_day_at_once_do_no_harm(db: Database):
    """The second has found no such day before the first commits, and looks again when it is let in."""
    async with asyncio.timeout(60), asyncio.TaskGroup() as group, db.transaction() as tx:
        await days.ensure(tx, "event_log", TODAY)
        group.create_task(make(db, TODAY))
        await until_somebody_waits(db)
    async with db.transaction() as tx:
        assert await partitions(tx) == ["event_log_20260320"]


async def test_a_day_made_ready_is_closed_like_its_table(db: Database):
    async with db.transaction() as tx:
        await days.prepare(tx, today=TODAY)
        query = "SELECT DISTINCT relrowsecurity FROM pg_class WHERE relname LIKE 'event_log_2%%' AND relkind = 'r'"
        assert await fetch_values(tx, query) == [True]


async def test_what_is_older_than_asked_goes(db: Database):
    async with db.transaction() as tx:
        await fill(tx)
        await days.expire(tx, WEEK, today=TODAY)
        assert (await log.oldest(tx), [e.position for e in await log.read(tx, 0, 100)]) == (13, list(range(13, 20)))


async def test_what_a_live_cursor_has_not_read_stays(db: Database):
    async with db.transaction() as tx:
        await fill(tx)
        await put_webhook(tx, position=4)
        await days.expire(tx, WEEK, today=TODAY)
        assert await log.oldest(tx) == 5


async def test_a_webhook_that_is_switched_off_keeps_nothing(db: Database):
    async with db.transaction() as tx:
        await fill(tx)
        await put_webhook(tx, position=4, state="disabled")
        await days.expire(tx, WEEK, today=TODAY)
        assert await log.oldest(tx) == 13


@pytest.mark.parametrize(("state", "oldest"), [("waiting", 3), ("held", 3), ("dead", 13)])
async def test_a_parked_delivery_keeps_its_event_until_it_is_given_up(db: Database, state: str, oldest: int):
    async with db.transaction() as tx:
        await fill(tx)
        webhook = await put_webhook(tx, position=19)
        await tx.execute(
            "INSERT INTO recado.parked_deliveries (webhook_id, position, state) VALUES (%s, 3, %s)", (webhook, state)
        )
        await days.expire(tx, WEEK, today=TODAY)
        assert await log.oldest(tx) == oldest


async def test_the_last_day_stays_so_that_positions_go_on(db: Database):
    async with db.transaction() as tx:
        await fill(tx)
        await days.expire(tx, WEEK, today=TODAY + timedelta(days=365))
        assert (await log.oldest(tx), await log.head(tx)) == (19, 19)


async def test_old_attempts_go_with_their_day(db: Database):
    async with db.transaction() as tx:
        await days.ensure(tx, "delivery_attempts", FIRST)
        await days.prepare(tx, today=TODAY)
        assert await days.expire(tx, WEEK, today=TODAY) == [("delivery_attempts", FIRST)]


async def test_tables_whose_names_hold_no_day_are_never_read_as_one(db: Database):
    """As the planner may, which is free to look at every name before it knows whose it is."""
    async with db.transaction() as tx:
        await days.ensure(tx, "delivery_attempts", FIRST)
        for setting in ("enable_nestloop", "enable_indexscan", "enable_bitmapscan"):
            await tx.execute(f"SET LOCAL {setting} = off")
        assert await days.expire(tx, WEEK, today=TODAY) == [("delivery_attempts", FIRST)]


async def test_a_log_over_its_limit_is_kept_for_nobody_longer_than_asked(db: Database):
    async with db.transaction() as tx:
        await fill(tx)
        await put_webhook(tx, position=4)
        await days.expire(tx, WEEK, most_bytes=0, today=TODAY)
        assert await log.oldest(tx) == 13


async def test_of_a_log_over_its_limit_no_more_goes_than_has_to(db: Database):
    async with db.transaction() as tx:
        await fill(tx)
        await put_webhook(tx, position=4)
        one_less_than_there_is = (await days.standing(tx, today=TODAY)).log_bytes - 1
        await days.expire(tx, WEEK, most_bytes=one_less_than_there_is - await bytes_of_four_days(tx), today=TODAY)
        assert await log.oldest(tx) == 6


async def test_a_log_within_its_limit_is_kept_for_whom_needs_it(db: Database):
    async with db.transaction() as tx:
        await fill(tx)
        await put_webhook(tx, position=4)
        await days.expire(tx, WEEK, most_bytes=1 << 40, today=TODAY)
        assert await log.oldest(tx) == 5


async def test_what_stands_can_be_seen(db: Database):
    async with db.transaction() as tx:
        await fill(tx)
        before = await days.standing(tx, today=TODAY)
        await days.prepare(tx, today=TODAY)
        after = await days.standing(tx, today=TODAY)
    tomorrow = TODAY + timedelta(days=1)
    assert before.missing == [(table, day) for table in days.TABLES for day in (TODAY, tomorrow)]
    assert (after.missing, after.oldest_day, after.log_bytes > 0) == ([], FIRST, True)


async def bytes_of_four_days(tx: Tx) -> int:
    """Of the days that nobody needs, which all have the same size."""
    [size] = await fetch_values(tx, "SELECT pg_total_relation_size('recado.event_log_20260301')::bigint")
    return 4 * size


async def make(database: Database, day: date) -> None:
    async with database.transaction() as tx:
        await days.ensure(tx, "event_log", day)


async def fill(tx: Tx) -> None:
    """One event a day, from the first to the nineteenth: position and day of the month are the same."""
    for number in range(1, 20):
        event = NewEvent(
            id=UUID(int=number), type="t", time=datetime(2026, 3, 1, tzinfo=UTC), instance_id=None, instance_name=None
        )
        await log.append(tx, [event], today=date(2026, 3, number))


async def put_webhook(tx: Tx, *, position: int, state: str = "active") -> UUID:
    webhook = UUID(int=1)
    await tx.execute(
        "INSERT INTO recado.webhooks (id, url, secret, state) VALUES (%s, 'https://a.example', 's', %s)",
        (webhook, state),
    )
    await tx.execute("INSERT INTO recado.webhook_cursors (webhook_id, position) VALUES (%s, %s)", (webhook, position))
    return webhook


async def partitions(tx: Tx) -> list[str]:
    query = "SELECT relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE c.relkind = 'r' ORDER BY relname"
    return await fetch_values(tx, query)
