"""Whatever the receivers do and however often dispatch dies: everything arrives, with its id, each chat in order."""

from __future__ import annotations

import asyncio
import math
import random
from collections import defaultdict
from datetime import timedelta
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from recado.domain.delivery import CHAT_WAITS_AT_MOST, Delivered, Failed
from recado.services.bell import Bell
from recado.store.database import Database
from tests.services.delivery import Desk
from tests.services.script import is_failing
from tests.stillclock import StillClock
from tests.waiting import until

URL = "http://a/"
ANSWERS = (
    Delivered(status=200),
    Failed(error="the receiver answered 422", status=422),
    Failed(error="the receiver answered 500", status=500),
    Failed(error="no answer in time"),
    Failed(error="the receiver answered 429", status=429, retry_after=timedelta(seconds=20)),
)
# One round: how many events in which chats, how often the receiver fails (of ten), whether dispatch dies after it.
ROUND = st.tuples(st.lists(st.integers(1, 4), min_size=4, max_size=16), st.integers(2, 9), st.booleans())


class Whimsical:
    """Answers by luck and after a moment by luck, so that deliveries overlap; some it takes and says it did not.

    Before dispatch dies, half of the deliveries get no answer.
    """

    def __init__(self, seed: int) -> None:
        self.luck = random.Random(seed)
        self.fails_of_ten = 0
        self.is_dying = False
        self.took: list = []

    async def __call__(self, parcel):
        for _ in range(self.luck.randrange(4)):
            await asyncio.sleep(0)
        if self.is_dying and self.luck.randrange(2):
            await asyncio.Event().wait()
        answer = ANSWERS[0] if self.luck.randrange(10) >= self.fails_of_ten else self.luck.choice(ANSWERS[1:])
        if isinstance(answer, Delivered) or self.luck.randrange(4) == 0:
            self.took.append(parcel.event)
        return answer


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rounds=st.lists(ROUND, min_size=2, max_size=5), seed=st.integers(0, 2**32))
def test_order_holds_and_nothing_is_lost_under_random_failures_and_crashes(database_url: str, rounds, seed: int):
    print(f"{seed=} {rounds=}")
    asyncio.run(play(database_url, list(rounds), seed))


async def play(url: str, rounds: list[tuple[list[int], int, bool]], seed: int) -> None:
    async with Database.open(url) as database:
        desk = Desk(database, StillClock(seed=seed), Bell())
        receiver = desk.sinks[URL].answer = Whimsical(seed)
        await wipe(database)
        webhook = await desk.webhook(URL, events=["message.*"])
        told: list[int] = []
        while rounds:
            async with desk.dispatching():
                await live(desk, webhook, rounds, told)
            await let_leases_run_out(desk)
        receiver.fails_of_ten, receiver.is_dying = 0, False
        async with desk.dispatching():
            await until(lambda: has_everything(desk, webhook, told[-1]))
    judge(receiver.took, told)


async def live(desk: Desk, webhook: UUID, rounds: list[tuple[list[int], int, bool]], told: list[int]) -> None:
    """Play rounds, up to the first after which dispatch dies: with deliveries under way, if any could begin."""
    sink, luck = desk.sinks[URL], desk.sinks[URL].answer.luck
    while rounds:
        chats, sink.answer.fails_of_ten, sink.answer.is_dying = rounds.pop(0)
        tried = len(sink.tried)
        told += await desk.append(*chats)

        dies = sink.answer.is_dying

        async def is_time(last: int = told[-1], most: float = tried if dies else math.inf) -> bool:
            return len(sink.tried) > most or await is_at_rest(desk, webhook, last)

        await until(is_time)
        if dies:
            return
        desk.clock.advance(timedelta(seconds=luck.randrange(1, 40)))


def judge(took: list, told: list[int]) -> None:
    """No chat was ever blocked for longer than its 15 minutes, so order has to hold without exception."""
    ids: dict[int, set] = defaultdict(set)
    first_arrivals: dict = defaultdict(list)
    for event in took:
        if event.position not in ids:
            first_arrivals[event.chat_id].append(event.position)
        ids[event.position].add(event.id)
    assert sorted(ids) == told
    assert {position: len(same) for position, same in ids.items()} == dict.fromkeys(told, 1)
    assert {chat: sorted(positions) for chat, positions in first_arrivals.items()} == dict(first_arrivals)


async def let_leases_run_out(desk: Desk) -> None:
    """What died may have held one; nobody waits here for the half minute that it is good for."""
    async with desk.database.transaction() as tx:
        await tx.execute("UPDATE recado.leases SET until = '-infinity'")


async def wipe(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM recado.webhooks")
        await tx.execute("DELETE FROM recado.leases")


async def is_at_rest(desk: Desk, webhook: UUID, last: int) -> bool:
    """Everything was tried once or stands behind what failed; or the receiver is found to be down."""
    return await desk.position(webhook) >= last or await is_failing(desk, webhook)


async def has_everything(desk: Desk, webhook: UUID, last: int) -> bool:
    """Asking lets time go on, in steps that leave the last planned attempt within the 15 minutes of a chat."""
    desk.clock.advance(timedelta(seconds=5))
    position, parked = await desk.position(webhook), await desk.parked(webhook)
    return not parked and position >= last


def test_the_time_that_passes_in_these_tests_is_less_than_a_chat_may_be_blocked():
    assert 5 * timedelta(seconds=40) < CHAT_WAITS_AT_MOST
