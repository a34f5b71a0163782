"""Two processes on one database: one message for one key, each sent once, whoever has accepted it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from recado.clock import SystemClock
from recado.services.upkeep.upkeep import Upkeep
from recado.store.drafts import KEYS_KEPT
from tests.services.post import MARIA, office
from tests.stillclock import StillClock

SECOND = timedelta(seconds=1)


async def test_a_key_used_at_the_same_time_in_two_processes_is_one_message(db):
    async with office(db, SystemClock()) as one, office(db, SystemClock()) as other:
        instance = await one.open(is_connected=False)
        requests = [
            place.outgoing.accept(instance, to=MARIA, text="Oi", idempotency_key="k")
            for place in (one, other)
            for _ in range(10)
        ]
        answers = await asyncio.gather(*requests)
        assert len({answer.message.id for answer in answers}) == 1
        assert [answer.is_repeat for answer in answers].count(False) == 1
        assert await one.queue_length() == 1


async def test_what_one_process_accepts_is_sent_by_the_one_that_has_the_session(db):
    async with office(db, SystemClock()) as one, office(db, SystemClock()) as other:
        instance = await one.open()
        message = await other.send(instance)
        assert (await one.settled(message)).status == "sent"
        assert (len(one.engine.attempts), len(other.engine.attempts)) == (1, 0)


async def test_a_key_is_kept_for_a_day_and_then_free(db):
    clock = StillClock()
    async with office(db, clock) as post:
        instance = await post.open(is_connected=False)
        first = await post.send(instance, idempotency_key="k")
        clock.advance(KEYS_KEPT - SECOND)
        assert (await post.send(instance, idempotency_key="k")).id == first.id
        clock.advance(SECOND)
        assert (await post.send(instance, "another", idempotency_key="k")).id != first.id


async def test_old_keys_are_dropped_and_fresh_ones_stay(db):
    clock = StillClock()
    async with office(db, clock) as post:
        instance = await post.open(is_connected=False)
        await post.send(instance, idempotency_key="old")
        clock.advance(KEYS_KEPT)
        await post.send(instance, idempotency_key="fresh")
        await Upkeep(db, clock, timedelta(days=14)).do()
        async with db.transaction() as tx:
            cursor = await tx.execute("SELECT key FROM recado.idempotency_keys")
            assert await cursor.fetchall() == [("fresh",)]
