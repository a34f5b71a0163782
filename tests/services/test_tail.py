"""The head of the log: what this process commits is told from memory, and still all of it, once and in order."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from random import Random, randrange
from typing import Any
from uuid import UUID

import pytest

from recado.domain.events import NewEvent
from recado.domain.sink import Parcel
from recado.services.delivery.parcels import find_parcel
from recado.services.delivery.tail import Tail, Wish
from recado.store import log
from recado.store.database import Database, Tx
from recado.store.log import Appended
from tests.services.delivery import Desk, running
from tests.waiting import until


class Listens:
    """Hears everything."""

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []

    def hear(self, parcel: Parcel) -> None:
        self.parcels.append(parcel)

    @property
    def positions(self) -> list[int]:
        return [parcel.event.position for parcel in self.parcels]


class Counted:
    """A database that counts how often something is only read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.glances = 0

    @contextlib.asynccontextmanager
    async def glance(self) -> AsyncIterator[Tx]:
        self.glances += 1
        async with self._database.glance() as tx:
            yield tx


@pytest.fixture
async def desk(db, clock, bell) -> Desk:
    return Desk(db, clock, bell)


@pytest.fixture
def counted(db: Database) -> Counted:
    return Counted(db)


@pytest.fixture
async def heard(desk: Desk, counted: Counted) -> AsyncIterator[Listens]:
    tail = Tail(counted, desk.bell, desk.clock, looks_every=timedelta(hours=1))  # type: ignore[arg-type]
    listens = Listens()
    async with running(tail.run()), tail.join(listens, Wish()):
        yield listens


async def commit(desk: Desk, *data: dict[str, Any]) -> Appended:
    """As the services do, without the ring."""
    events = [event(desk, one) for one in data]
    async with desk.database.transaction() as tx:
        return log.append_last(tx, events)


def event(desk: Desk, data: dict[str, Any]) -> NewEvent:
    return NewEvent(
        id=desk.clock.new_id(),
        type="message.received",
        time=desk.clock.now(),
        instance_id=UUID(int=1),
        instance_name="loja",
        chat_id=UUID(int=2),
        data=data,
    )


async def undone(desk: Desk) -> None:
    """A transaction that has drawn a position, and fails."""
    with contextlib.suppress(ZeroDivisionError):
        async with desk.database.transaction() as tx:
            await log.append(tx, [event(desk, {})])
            raise ZeroDivisionError


async def has_heard(listens: Listens, number: int) -> None:
    await until(lambda: len(listens.parcels) >= number)


async def settled(desk: Desk, listens: Listens, counted: Counted) -> None:
    """Until the tail has told all that there was, and waits."""
    desk.bell.ring(await commit(desk, {}))
    await has_heard(listens, 1)
    counted.glances = 0
    listens.parcels.clear()


async def test_what_is_handed_over_is_told_without_reading_the_log(desk: Desk, heard: Listens, counted: Counted):
    await settled(desk, heard, counted)
    appended = [await commit(desk, {"n": 1}, {"n": 2}), await commit(desk, {"n": 3})]
    for one in appended:
        desk.bell.ring(one)
    await has_heard(heard, 3)
    assert heard.positions == [appended[0].first, appended[0].first + 1, appended[1].first]
    assert counted.glances == 0


async def test_what_was_committed_first_is_told_first(desk: Desk, heard: Listens, counted: Counted):
    await settled(desk, heard, counted)
    first, second = await commit(desk, {"n": 1}), await commit(desk, {"n": 2})
    desk.bell.ring(second)
    desk.bell.ring(first)
    await has_heard(heard, 2)
    assert heard.positions == [first.first, second.first]


async def test_what_another_process_has_committed_in_between_is_not_skipped(
    desk: Desk, heard: Listens, counted: Counted
):
    await settled(desk, heard, counted)
    others, own = await commit(desk, {"n": 1}), await commit(desk, {"n": 2})
    desk.bell.ring(own)
    await has_heard(heard, 2)
    assert heard.positions == [others.first, own.first]


async def test_a_position_that_was_never_used_holds_nobody_up(desk: Desk, heard: Listens, counted: Counted):
    await settled(desk, heard, counted)
    await undone(desk)
    own = await commit(desk, {"n": 1})
    desk.bell.ring(own)
    await has_heard(heard, 1)
    assert heard.positions == [own.first]


async def test_who_rings_without_handing_over_has_the_log_read(desk: Desk, heard: Listens, counted: Counted):
    await settled(desk, heard, counted)
    quiet, told = await commit(desk, {"n": 1}), await commit(desk, {"n": 2})
    desk.bell.ring()
    desk.bell.ring(told)
    await has_heard(heard, 2)
    assert heard.positions == [quiet.first, told.first]


async def test_more_than_is_kept_is_read_from_the_log(desk: Desk, heard: Listens, counted: Counted):
    await settled(desk, heard, counted)
    large = [await commit(desk, {"text": "a" * 400_000}) for _ in range(4)]
    for one in large:
        desk.bell.ring(one)
    await has_heard(heard, 4)
    assert heard.positions == [one.first for one in large]
    assert counted.glances > 0


ODD: list[dict[str, Any]] = [
    {},
    {"zeta": 1, "a": 2, "bb": {"y": None, "x": [1, 2.0, 1e22, -0.0, True]}},
    {"text": "olá 😀 \u2028 \\ \" ' \x01", "": ""},
    {"large": 2**53 + 1, "small": 1e-7, "hundred": 100.0},
    {"when": "2026-03-16T12:00:00Z", "text": "a" * 10_000},
]


@pytest.mark.parametrize("data", ODD, ids=["empty", "order", "characters", "numbers", "long"])
async def test_it_is_the_same_to_the_byte_when_it_is_read_again(
    desk: Desk, heard: Listens, counted: Counted, data: dict[str, Any]
):
    await settled(desk, heard, counted)
    desk.bell.ring(await commit(desk, data))
    await has_heard(heard, 1)
    [parcel] = heard.parcels
    assert counted.glances == 0
    assert await find_parcel(desk.database, desk.clock, parcel.event.position) == parcel


def rings(random: Random, appended: list[Appended]) -> Iterator[Appended | None]:
    """In any order; some without what was appended, some not at all."""
    random.shuffle(appended)
    for one in appended:
        luck = random.random()
        if luck < 0.7:
            yield one
        elif luck < 0.85:
            yield None


@pytest.mark.parametrize("seed", [1, 2, 3, randrange(1 << 32)])
async def test_whatever_is_handed_over_in_whatever_order_all_is_told_once_and_in_order(
    desk: Desk, heard: Listens, counted: Counted, seed: int
):
    print(f"seed {seed}")
    random = Random(seed)
    await settled(desk, heard, counted)
    positions: list[int] = []
    for _ in range(25):
        group = []
        for _ in range(random.randrange(1, 5)):
            if random.random() < 0.15:
                await undone(desk)
            group.append(await commit(desk, *[{"n": n} for n in range(random.randrange(1, 4))]))
        positions += [one.first + n for one in group for n in range(len(one.events))]
        for ring in rings(random, group):
            desk.bell.ring(ring)
    desk.bell.ring()
    await has_heard(heard, len(positions))
    assert heard.positions == positions
