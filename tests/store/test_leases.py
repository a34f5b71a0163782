"""Leases: one holder at a time, fences that only grow."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

from recado.store import leases
from recado.store.database import Database
from tests.store.waiting import until_somebody_waits

ONE, TWO = UUID(int=1), UUID(int=2)
ANA, BIA = UUID(int=10), UUID(int=11)
MINUTE = timedelta(minutes=1)
OVER = timedelta(0)


async def test_what_nobody_holds_is_taken_with_a_first_fence(db: Database):
    async with db.transaction() as tx:
        assert await leases.acquire(tx, "instance", [ONE, TWO], holder=ANA, duration=MINUTE) == {ONE: 1, TWO: 1}


async def test_what_another_holds_is_not_taken(db: Database):
    async with db.transaction() as tx:
        await leases.acquire(tx, "instance", [ONE], holder=ANA, duration=MINUTE)
        assert await leases.acquire(tx, "instance", [ONE, TWO], holder=BIA, duration=MINUTE) == {TWO: 1}


async def test_an_instance_and_a_webhook_of_one_id_are_two_things(db: Database):
    async with db.transaction() as tx:
        await leases.acquire(tx, "instance", [ONE], holder=ANA, duration=MINUTE)
        assert await leases.acquire(tx, "webhook", [ONE], holder=BIA, duration=MINUTE) == {ONE: 1}


async def test_one_that_ran_out_is_taken_under_a_higher_fence(db: Database):
    async with db.transaction() as tx:
        await leases.acquire(tx, "instance", [ONE], holder=ANA, duration=OVER)
        assert await leases.acquire(tx, "instance", [ONE], holder=BIA, duration=MINUTE) == {ONE: 2}


async def test_a_holder_that_comes_back_takes_its_own_anew(db: Database):
    async with db.transaction() as tx:
        await leases.acquire(tx, "instance", [ONE], holder=ANA, duration=MINUTE)
        assert await leases.acquire(tx, "instance", [ONE], holder=ANA, duration=MINUTE) == {ONE: 2}


async def test_a_released_one_is_free_and_keeps_its_fence(db: Database):
    async with db.transaction() as tx:
        await leases.acquire(tx, "instance", [ONE], holder=ANA, duration=MINUTE)
        assert await leases.release(tx, "instance", ONE, 1)
        assert await leases.acquire(tx, "instance", [ONE], holder=BIA, duration=MINUTE) == {ONE: 2}


async def test_an_old_fence_releases_nothing(db: Database):
    async with db.transaction() as tx:
        await leases.acquire(tx, "instance", [ONE], holder=ANA, duration=OVER)
        await leases.acquire(tx, "instance", [ONE], holder=BIA, duration=MINUTE)
        assert not await leases.release(tx, "instance", ONE, 1)
        assert await leases.holds(tx, "instance", ONE, 2)


async def test_renewing_answers_what_is_still_held(db: Database):
    async with db.transaction() as tx:
        await leases.acquire(tx, "instance", [ONE, TWO], holder=ANA, duration=OVER)
        await leases.acquire(tx, "instance", [TWO], holder=BIA, duration=MINUTE)
        assert await leases.renew(tx, "instance", {ONE: 1, TWO: 1}, duration=MINUTE) == {ONE}


async def test_a_renewed_one_is_not_taken(db: Database):
    async with db.transaction() as tx:
        await leases.acquire(tx, "instance", [ONE], holder=ANA, duration=OVER)
        await leases.renew(tx, "instance", {ONE: 1}, duration=MINUTE)
        assert await leases.acquire(tx, "instance", [ONE], holder=BIA, duration=MINUTE) == {}


async def test_a_released_one_is_not_renewed(db: Database):
    async with db.transaction() as tx:
        await leases.acquire(tx, "instance", [ONE], holder=ANA, duration=MINUTE)
        await leases.release(tx, "instance", ONE, 1)
        assert await leases.renew(tx, "instance", {ONE: 1}, duration=MINUTE) == set()


async def test_nobody_takes_a_lease_while_a_transaction_relies_on_it(db: Database):
    async with db.transaction() as tx:
        await leases.acquire(tx, "webhook", [ONE], holder=ANA, duration=OVER)

    async def take() -> dict[UUID, int]:
        async with db.transaction() as tx:
            return await leases.acquire(tx, "webhook", [ONE], holder=BIA, duration=MINUTE)

    async with asyncio.TaskGroup() as group, db.transaction() as tx:
        assert await leases.holds(tx, "webhook", ONE, 1)
        taking = group.create_task(take())
        await until_somebody_waits(db)
        assert not taking.done()
    assert taking.result() == {ONE: 2}


async def test_two_who_want_the_same_ones_get_each_of_them_once(db: Database):
    wanted = [UUID(int=n) for n in range(50)]

    async def take(holder: UUID, order: list[UUID]) -> dict[UUID, int]:
        async with db.transaction() as tx:
            return await leases.acquire(tx, "instance", order, holder=holder, duration=MINUTE)

    anas, bias = await asyncio.gather(take(ANA, wanted), take(BIA, wanted[::-1]))
    assert sorted([*anas, *bias]) == wanted
