"""The door to PostgreSQL: what a transaction promises and what its errors mean."""

from __future__ import annotations

import asyncio
import contextlib
import select
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from recado.domain.errors import Unavailable
from recado.store.database import Database
from recado.store.errors import is_data_error
from recado.store.rows import fetch_all, fetch_one, fetch_value
from tests.waiting import until

PUT = "INSERT INTO recado.settings (key, value) VALUES (%s, %s)"
COUNT = "SELECT count(*) FROM recado.settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    key: str
    value: object


def is_readable(socket: int) -> bool:
    """The server has said something."""
    return bool(select.select([socket], [], [], 0)[0])


async def test_a_block_that_ends_is_committed(db: Database):
    async with db.transaction() as tx:
        await tx.execute(PUT, ("a", "1"))
    async with db.transaction() as tx:
        assert await fetch_one(tx, Setting, "SELECT key, value FROM recado.settings") == Setting(key="a", value=1)


async def test_a_block_that_raises_leaves_nothing(db: Database):
    with contextlib.suppress(ZeroDivisionError):
        async with db.transaction() as tx:
            await tx.execute(PUT, ("a", "1"))
            raise ZeroDivisionError
    async with db.transaction() as tx:
        assert await fetch_all(tx, Setting, "SELECT key, value FROM recado.settings") == []


async def test_a_cancelled_block_leaves_nothing_and_its_connection_is_not_used_again(db: Database):
    started = asyncio.Event()

    async def work() -> None:
        async with db.transaction() as tx:
            await tx.execute(PUT, ("a", "1"))
            started.set()
            await tx.execute("SELECT pg_sleep(60)")

    task = asyncio.create_task(work())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with db.transaction() as tx:
        assert await fetch_value(tx, COUNT) == 0


async def test_connections_are_used_again(db: Database):
    async with db.transaction() as tx:
        first = await fetch_value(tx, "SELECT pg_backend_pid()")
    async with db.transaction() as tx:
        assert await fetch_value(tx, "SELECT pg_backend_pid()") == first


async def test_a_connection_that_the_server_ended_while_idle_is_replaced_unseen(db: Database, database_url: str):
    async with db.transaction() as tx:
        pid = await fetch_value(tx, "SELECT pg_backend_pid()")
    async with Database.open(database_url) as other, other.transaction() as tx:
        assert await fetch_value(tx, "SELECT pg_terminate_backend(%s, 10000)", (pid,))
    async with db.transaction() as tx:
        assert await fetch_value(tx, "SELECT 1") == 1


async def test_a_connection_that_is_lost_at_work_is_unavailable(db: Database):
    with pytest.raises(Unavailable) as caught:
        async with db.transaction() as tx:
            await tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert caught.value.code == "database_unavailable"


async def test_a_transaction_that_stood_still_for_too_long_is_unavailable(db: Database):
    async def stand_still() -> None:
        async with db.transaction() as tx:
            await tx.execute("SET LOCAL idle_in_transaction_session_timeout = '1ms'")
            await until(lambda: is_readable(tx.pgconn.socket))
            await tx.execute("SELECT 1")

    with pytest.raises(Unavailable) as caught:
        await stand_still()
    assert caught.value.code == "database_unavailable"
    async with db.transaction() as tx:
        assert await fetch_value(tx, "SELECT 1") == 1


async def test_a_file_that_is_missing_is_not_a_database_that_is_away(db: Database, tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        async with db.transaction():
            (tmp_path / "nothing").read_text()


@pytest.mark.parametrize(("size", "others"), [(2, 1), (3, 2), (10, 8)])
async def test_what_is_urgent_does_not_wait_for_the_others(database_url: str, size: int, others: int):
    async with contextlib.AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database.open(database_url, max_size=size))
        for _ in range(others):
            await stack.enter_async_context(database.transaction())
        async with database.transaction(urgent=True) as tx:
            assert await fetch_value(tx, "SELECT 1") == 1


async def test_a_database_that_is_not_there_is_unavailable_at_once(tmp_path):
    async with Database.open(f"postgresql://recado@/recado?host={tmp_path}") as database:
        with pytest.raises(Unavailable):
            await database.ping()


async def test_a_deadlock_is_unavailable_and_passing(db: Database):
    async with db.transaction() as tx:
        await tx.execute(PUT, ("a", "1"))
        await tx.execute(PUT, ("b", "1"))
    both = asyncio.Barrier(2)

    async def cross(*keys: str) -> None:
        async with db.transaction() as tx:
            for key in keys:
                await tx.execute("UPDATE recado.settings SET value = '2' WHERE key = %s", (key,))
                if key == keys[0]:
                    await both.wait()

    outcomes = await asyncio.gather(cross("a", "b"), cross("b", "a"), return_exceptions=True)
    assert [error.code for error in outcomes if error is not None] == ["database_busy"]


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("INSERT INTO recado.settings (key, value) VALUES (%s, '1'), ('twice', '1'), ('twice', '1')", "x"),
        ("SELECT %s::text", "a NUL \0"),
        ("SELECT %s::text", "a lone surrogate \ud800"),
        ("SELECT %s::jsonb", '"\\u0000"'),
        ("SELECT %s::integer", "many"),
        ("INSERT INTO recado.settings (key, value) VALUES (NULL, %s)", "1"),
    ],
)
async def test_what_is_wrong_with_the_rows_is_a_data_error(db: Database, query, value):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        async with db.transaction() as tx:
            await tx.execute(query, (value,))
    assert is_data_error(caught.value)


async def test_a_mistake_in_the_sql_is_neither_data_nor_availability(db: Database):
    with pytest.raises(psycopg.errors.UndefinedTable) as caught:
        async with db.transaction() as tx:
            await tx.execute("SELECT * FROM recado.nowhere")
    assert not is_data_error(caught.value)


async def test_times_come_back_in_utc(empty_database_url: str):
    async with Database.open(empty_database_url) as database, database.transaction() as tx:
        await tx.execute(
            "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET TimeZone = %L', current_database(), 'Asia/Tokyo'); END$$"
        )
    async with Database.open(empty_database_url) as database, database.transaction() as tx:
        assert str(await fetch_value(tx, "SELECT '2026-01-01T12:00:00Z'::timestamptz")) == "2026-01-01 12:00:00+00:00"


async def test_a_transaction_begins_with_its_locks(db: Database):
    async with db.transaction(locks=[7, -8]), db.glance() as other:
        cursor = await other.execute("SELECT pg_try_advisory_lock(key) FROM unnest('{7,-8,9}'::bigint[]) AS t (key)")
        assert await cursor.fetchall() == [(False,), (False,), (True,)]


async def test_locks_end_with_their_transaction(db: Database):
    async with db.transaction(locks=[7]):
        pass

    async with db.transaction() as tx:
        cursor = await tx.execute("SELECT pg_try_advisory_xact_lock(7)")
        assert await cursor.fetchone() == (True,)


async def test_what_stands_still_holds_its_locks_once_and_what_waits_there_does_not_get_them_next(db: Database):
    """A stopped process has several transactions open: each that got the lock after another would keep it as long."""
    async with db.transaction() as tx:
        query = "SELECT setting::int FROM pg_settings WHERE name = %s"
        stands_still = await fetch_value(tx, query, ("idle_in_transaction_session_timeout",))
        waits = await fetch_value(tx, query, ("lock_timeout",))
    assert 0 < waits < stands_still == 10_000
