"""The judges find what is wrong, where nobody has to be killed for it."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest

from recado.store.database import Database
from recado_simulator.ledger import Ledger, LedgerRow
from tests.chaos.hooks import Hook
from tests.chaos.judge_delivered import Delivered
from tests.chaos.judge_received import Received
from tests.services.delivery import Desk

ATTEMPT = """
INSERT INTO recado.delivery_attempts (day, id, webhook_id, position, event_id, attempt, at, duration_ms)
VALUES (current_date, gen_random_uuid(), %s, %s, gen_random_uuid(), 1, clock_timestamp() - %s, 1)
"""


class Court:
    """One webhook that has everything behind it, and what its receiver says that it took."""

    def __init__(self, database: Database, clock, bell) -> None:
        self.database = database
        self.desk = Desk(database, clock, bell)
        self.hook = Hook("hook-0", runner=None)

    async def begin(self, *chats: int | None) -> list[int]:
        """Events of these chats, all of them behind the cursor; their positions."""
        self.webhook = await self.desk.webhook("http://127.0.0.1/hook")
        positions = await self.desk.append(*chats)
        async with self.database.transaction() as tx:
            await tx.execute("UPDATE recado.webhook_cursors SET position = %s", [positions[-1]])
        self.judge = Delivered(SimpleNamespace(hooks=[self.hook], webhooks={self.webhook: self.hook}))
        return positions

    async def take(self, *positions: int) -> None:
        async with self.database.transaction() as tx:
            ids = dict(await (await tx.execute("SELECT position, id::text FROM recado.event_log")).fetchall())
        for position in positions:
            self.hook.take(position, ids[position])

    async def verdict(self) -> list[str]:
        async with self.database.transaction() as tx:
            return await self.judge.look(tx) + self.hook.offences


@pytest.fixture
async def court(db, clock, bell) -> Court:
    return Court(db, clock, bell)


async def test_what_was_taken_in_order_offends_nobody(court: Court):
    first, second, third = await court.begin(1, 2, 1)
    await court.take(second, first, third, first)
    assert await court.verdict() == []
    assert court.hook.repeats == 1


async def test_an_event_that_the_cursor_has_passed_and_nobody_took_is_lost(court: Court):
    first, second = await court.begin(1, 2)
    await court.take(second)
    assert await court.verdict() == [f"hook-0 will never get {first}"]


async def test_one_that_is_parked_is_still_to_come_and_one_that_is_dead_is_not(court: Court):
    first, second = await court.begin(1, 2)
    await court.take(second)
    park = "INSERT INTO recado.parked_deliveries (webhook_id, position, state) VALUES (%s, %s, %s)"
    async with court.database.transaction() as tx:
        await tx.execute(park, [court.webhook, first, "waiting"])
    assert await court.verdict() == []
    assert court.judge.missing() == [f"hook-0 has not got {first}"]
    async with court.database.transaction() as tx:
        await tx.execute("UPDATE recado.parked_deliveries SET state = 'dead'")
    assert await court.verdict() == [f"{first} was given up"]


async def test_what_comes_after_a_later_one_of_its_chat_is_out_of_order(court: Court):
    first, second = await court.begin(1, 1)
    await court.take(second, first)
    assert await court.verdict() == [f"hook-0: {first} came after {second} of the same chat"]


async def test_one_that_was_parked_over_its_limit_may_come_later(court: Court):
    first, second = await court.begin(1, 1)
    async with court.database.transaction() as tx:
        await tx.execute("SELECT recado.make_day('delivery_attempts', current_date)")
        await tx.execute(ATTEMPT, [court.webhook, first, timedelta(minutes=16)])
    await court.take(second, first)
    assert (await court.verdict(), court.judge.overtaken) == ([], 1)


async def test_events_of_nobody_have_no_order(court: Court):
    first, second = await court.begin(None, None)
    await court.take(second, first)
    assert await court.verdict() == []


async def test_another_id_than_the_logs_and_another_one_than_before_are_found(court: Court):
    [position] = await court.begin(1)
    court.hook.take(position, "x")
    court.hook.take(position, "y")
    found = await court.verdict()
    assert found[0].startswith(f"hook-0: {position} came as x and is ")
    assert found[1] == f"hook-0: position {position} came as x and as y"


async def test_what_is_confirmed_and_not_stored_is_lost(db):
    ledger = Ledger()
    row = LedgerRow(direction="in", id="A", account="1", device=1, sender="2@lid", recipient="1@lid", queued_at=0)
    ledger.confirm(ledger.open(row), "ack", 0)
    line = SimpleNamespace(phone="1", id=UUID(int=1))
    judge = Received(SimpleNamespace(lines=[line], network=SimpleNamespace(ledger=ledger)), None)
    async with db.transaction() as tx:
        assert await judge.look(tx, judge.confirmed()) == ["A is confirmed and not stored"]
