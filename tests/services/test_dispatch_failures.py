"""Receivers that fail: what is parked, what waits behind it, what a dead receiver costs, what a restart resumes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from recado.domain.delivery import Delivered, Failed, Refused
from recado.domain.events import WEBHOOK_DISABLED, WEBHOOK_FAILING
from recado.store import log, webhooks
from tests.services.delivery import Desk, chats_of
from tests.waiting import until

URL = "http://a/"
BAD = Failed(error="the receiver answered 422", status=422)
DOWN = Failed(error="no connection: refused")


@pytest.fixture
async def desk(db, clock, bell) -> Desk:
    return Desk(db, clock, bell)


class Script:
    """An answer for each position, Delivered for all others; can be changed while it plays."""

    def __init__(self, desk: Desk) -> None:
        self.sink = desk.sinks[URL]
        self.sink.answer = self._answer
        self.answers: dict[int, object] = {}
        self.otherwise: object = Delivered(status=200)

    async def _answer(self, parcel):
        return self.answers.get(parcel.event.position, self.otherwise)

    def tries_of(self, position: int) -> int:
        return sum(parcel.event.position == position for parcel in self.sink.tried)

    @property
    def taken(self) -> list[int]:
        return [parcel.event.position for parcel in self.sink.taken]


@pytest.fixture
def script(desk: Desk) -> Script:
    return Script(desk)


async def pass_time(desk: Desk, duration: timedelta) -> None:
    """Let it pass once everybody who was at work has gone to sleep."""
    await desk.clock.until_asleep()
    desk.clock.advance(duration)


async def test_a_failed_event_is_parked_and_its_chat_waits_while_the_others_go_on(desk: Desk, script: Script):
    webhook = await desk.webhook(URL)
    async with desk.dispatching():
        first = (await log_head(desk)) + 1
        script.answers[first] = BAD
        await desk.append(1, 1, 2, 2)
        await desk.until_parked(webhook, {first: "waiting", first + 1: "held"})
        await desk.until_at(webhook, first + 3)
    assert chats_of(script.sink) == {2: [first + 2, first + 3]}


async def test_what_comes_later_in_the_chat_waits_too(desk: Desk, script: Script):
    webhook = await desk.webhook(URL)
    async with desk.dispatching():
        first = (await log_head(desk)) + 1
        script.answers[first] = BAD
        await desk.append(1)
        await desk.until_parked(webhook, {first: "waiting"})
        await desk.append(1)
        await desk.until_parked(webhook, {first: "waiting", first + 1: "held"})


async def test_after_five_seconds_it_is_tried_again_and_the_chat_follows_in_order(desk: Desk, script: Script):
    webhook = await desk.webhook(URL)
    async with desk.dispatching():
        first = (await log_head(desk)) + 1
        script.answers[first] = BAD
        await desk.append(1, 1, 1)
        await desk.until_parked(webhook, {first: "waiting", first + 1: "held", first + 2: "held"})
        script.answers.clear()
        await pass_time(desk, timedelta(seconds=5))
        await desk.until_parked(webhook, {})
    assert script.taken == [first, first + 1, first + 2]


async def test_before_its_time_it_is_not_tried_again(desk: Desk, script: Script):
    webhook = await desk.webhook(URL)
    async with desk.dispatching():
        first = (await log_head(desk)) + 1
        script.answers[first] = BAD
        await desk.append(1)
        await desk.until_parked(webhook, {first: "waiting"})
        await pass_time(desk, timedelta(seconds=4.9))
        [other] = await desk.append(2)
        await desk.until_at(webhook, other)
    assert script.tries_of(first) == 1


async def test_it_is_tried_by_the_whole_schedule_and_then_it_is_dead(desk: Desk, script: Script):
    webhook = await desk.webhook(URL)
    async with desk.dispatching():
        first = (await log_head(desk)) + 1
        script.answers[first] = BAD
        await desk.append(1)
        started = desk.clock.now()
        for attempt in range(1, 12):
            await script.sink.until(lambda attempt=attempt: script.tries_of(first) >= attempt)
            if attempt == 11:
                break
            await until(lambda: desk.clock.due)
            row = await waiting_row(desk, webhook, attempt)
            desk.clock.set(row)
        await desk.until_parked(webhook, {first: "dead"})
    minutes = [(each.at - started).total_seconds() / 60 for each in await desk.attempts(webhook)]
    expected = [0, 5 / 60, 35 / 60, 155 / 60, 755 / 60]
    expected += [expected[-1] + 60, expected[-1] + 240, expected[-1] + 720]
    expected += [expected[-1] + 1440, expected[-1] + 2880, 72 * 60]
    assert minutes == pytest.approx(expected)


async def test_after_15_minutes_the_chat_goes_on_without_the_event_that_fails(desk: Desk, script: Script):
    webhook = await desk.webhook(URL)
    async with desk.dispatching():
        first = (await log_head(desk)) + 1
        script.answers[first] = BAD
        await desk.append(1, 1)
        await desk.until_parked(webhook, {first: "waiting", first + 1: "held"})
        for wait in (5, 30, 120, 600):
            tries = script.tries_of(first)
            await pass_time(desk, timedelta(seconds=wait))
            await script.sink.until(lambda tries=tries: script.tries_of(first) > tries)
            await waiting_row(desk, webhook, tries + 1)
        assert script.taken == []
        await pass_time(desk, timedelta(seconds=145))
        await desk.until_parked(webhook, {first: "waiting"})
        [third] = await desk.append(1)
        await desk.until_at(webhook, third)
    assert script.taken == [first + 1, third]


async def test_410_switches_the_webhook_off_and_says_so(desk: Desk, script: Script):
    webhook = await desk.webhook(URL)
    watcher = await desk.webhook("http://watcher/", events=["webhook.*"])
    async with desk.dispatching():
        script.otherwise = Refused(error="the receiver answered 410 Gone", status=410)
        await desk.append(1)
        await desk.sinks["http://watcher/"].until(lambda: bool(desk.sinks["http://watcher/"].taken))
    async with desk.database.transaction() as tx:
        row = await webhooks.find(tx, webhook)
    told = desk.sinks["http://watcher/"].taken[0].event
    assert (row.state, row.state_reason, told.type, told.data["webhook_id"]) == (
        "disabled",
        "gone",
        WEBHOOK_DISABLED,
        str(webhook),
    )
    assert await desk.position(watcher) >= told.position


async def test_a_webhook_that_was_switched_off_gets_nothing_more(desk: Desk, script: Script):
    webhook = await desk.webhook(URL)
    other = await desk.webhook("http://other/")
    async with desk.dispatching():
        script.otherwise = Refused(error="gone", status=410)
        await desk.append(1)
        await until(lambda: is_off(desk, webhook))
        script.otherwise = Delivered(status=200)
        [later] = await desk.append(1)
        await desk.until_at(other, later)
    assert script.taken == []


async def test_a_receiver_that_is_down_stops_its_cursor_instead_of_parking_everything(desk: Desk, script: Script):
    webhook = await desk.webhook(URL)
    async with desk.dispatching():
        script.otherwise = DOWN
        positions = await desk.append(*range(1, 301))
        await until(lambda: is_failing(desk, webhook))
        parked = await desk.parked(webhook)
    assert (len(parked), await desk.position(webhook) < positions[-1]) == (9, True)


async def test_a_receiver_that_is_down_is_said_to_be_failing_once(desk: Desk, script: Script):
    webhook = await desk.webhook(URL)
    watcher = desk.sinks["http://watcher/"]
    await desk.webhook("http://watcher/", events=["webhook.*"])
    async with desk.dispatching():
        script.otherwise = DOWN
        await desk.append(*range(1, 301))
        for _ in range(3):
            await until(lambda: is_failing(desk, webhook))
            tries = len(script.sink.tried)
            await pass_time(desk, timedelta(seconds=60))
            await script.sink.until(lambda tries=tries: len(script.sink.tried) > tries)
            await until(lambda tries=tries: recorded(desk, webhook, tries + 1))
        await watcher.until(lambda: bool(watcher.taken))
    assert [parcel.event.type for parcel in watcher.taken] == [WEBHOOK_FAILING]


async def test_while_it_is_down_one_delivery_at_a_time_is_tried(desk: Desk, script: Script):
    webhook = await desk.webhook(URL)
    async with desk.dispatching():
        script.otherwise = DOWN
        await desk.append(*range(1, 301))
        await until(lambda: is_failing(desk, webhook))
        await until(lambda: recorded(desk, webhook, len(script.sink.tried)))
        before = len(script.sink.tried)
        await pass_time(desk, timedelta(seconds=5))
        await script.sink.until(lambda: len(script.sink.tried) > before)
        await until(lambda: recorded(desk, webhook, before + 1))
    assert len(script.sink.tried) == before + 1


async def test_a_receiver_that_comes_back_gets_everything_each_chat_in_order(desk: Desk, script: Script):
    webhook = await desk.webhook(URL, events=["message.*"])
    async with desk.dispatching():
        script.otherwise = DOWN
        positions = await desk.append(*[*range(1, 31)] * 10)
        for _ in range(5):
            await until(lambda: is_failing(desk, webhook))
            tries = len(script.sink.tried)
            await pass_time(desk, timedelta(minutes=20))
            await script.sink.until(lambda tries=tries: len(script.sink.tried) > tries)
        script.otherwise = Delivered(status=200)
        await pass_time(desk, timedelta(minutes=1))
        await desk.until_at(webhook, positions[-1])
        await desk.until_parked(webhook, {})
    assert sorted(script.taken) == positions
    assert all(chat == sorted(chat) for chat in chats_of(script.sink).values())


async def test_what_failed_while_the_receiver_was_down_waits_for_no_schedule_once_it_is_back(
    desk: Desk, script: Script
):
    webhook = await desk.webhook(URL, events=["message.*"])
    async with desk.dispatching():
        script.otherwise = DOWN
        positions = await desk.append(*range(1, 11))
        await until(lambda: is_failing(desk, webhook))
        for _ in range(30):
            tries = len(script.sink.tried)
            await pass_time(desk, timedelta(seconds=60))
            await script.sink.until(lambda tries=tries: len(script.sink.tried) > tries)
        script.otherwise = Delivered(status=200)
        await pass_time(desk, timedelta(seconds=60))
        await desk.until_parked(webhook, {})
    assert sorted(script.taken) == positions


async def test_an_outage_longer_than_15_minutes_lets_no_later_event_overtake(desk: Desk, script: Script):
    webhook = await desk.webhook(URL, events=["message.*"])
    async with desk.dispatching():
        script.otherwise = DOWN
        positions = await desk.append(*range(1, 31))
        await until(lambda: is_failing(desk, webhook))
        tries = len(script.sink.tried)
        await pass_time(desk, timedelta(minutes=20))
        await script.sink.until(lambda: len(script.sink.tried) > tries)
        positions += await desk.append(*range(1, 31))
        script.otherwise = Delivered(status=200)
        await pass_time(desk, timedelta(minutes=1))
        await desk.until_at(webhook, positions[-1])
        await desk.until_parked(webhook, {})
    assert sorted(script.taken) == positions
    assert all(chat == sorted(chat) for chat in chats_of(script.sink).values())


async def test_after_a_restart_everything_unsettled_comes_with_the_same_ids(desk: Desk, script: Script):
    webhook = await desk.webhook(URL)
    never = asyncio.Event()

    async def hangs(_):
        await never.wait()

    script.sink.answer = hangs
    async with desk.dispatching():
        positions = await desk.append(*range(1, 11))
        await script.sink.until(lambda: len(script.sink.tried) == 10)
        before = {parcel.event.position: parcel.event.id for parcel in script.sink.tried}
    script.sink.answer = script._answer
    async with desk.dispatching():
        await desk.until_at(webhook, positions[-1])
    assert {parcel.event.position: parcel.event.id for parcel in script.sink.taken} == before


async def test_after_a_restart_a_parked_event_keeps_its_schedule_and_its_chat_its_place(desk: Desk, script: Script):
    webhook = await desk.webhook(URL)
    first = (await log_head(desk)) + 1
    async with desk.dispatching():
        script.answers[first] = BAD
        await desk.append(1, 1)
        await desk.until_parked(webhook, {first: "waiting", first + 1: "held"})
    script.answers.clear()
    async with desk.dispatching():
        [third, other] = await desk.append(1, 2)
        await desk.until_at(webhook, other)
        assert script.taken == [other]
        await pass_time(desk, timedelta(seconds=5))
        await desk.until_parked(webhook, {})
    assert script.taken == [other, first, first + 1, third]


async def test_after_a_restart_a_receiver_that_was_down_is_probed_and_not_flooded(desk: Desk, script: Script):
    webhook = await desk.webhook(URL)
    other = await desk.webhook("http://other/")
    script.otherwise = DOWN
    async with desk.dispatching():
        await desk.append(*range(1, 101))
        await until(lambda: is_failing(desk, webhook))
    tries = len(script.sink.tried)
    async with desk.dispatching():
        [later] = await desk.append(1)
        await desk.until_at(other, later)
    assert len(script.sink.tried) == tries


async def test_an_event_that_always_fails_blocks_no_other_chat_and_no_other_event_for_ever(desk: Desk, script: Script):
    """Failures that speak of one event alone never stop a cursor, however many there are."""
    webhook = await desk.webhook(URL)
    async with desk.dispatching():
        first = (await log_head(desk)) + 1
        script.answers = dict.fromkeys(range(first, first + 30), BAD)
        await desk.append(*range(1, 31))
        positions = await desk.append(*range(100, 110))
        await desk.until_at(webhook, positions[-1])
    assert sorted(script.taken) == positions


async def log_head(desk: Desk) -> int:
    async with desk.database.transaction() as tx:
        await tx.execute("SELECT 1")
        return await log.head(tx)


async def waiting_row(desk: Desk, webhook: UUID, attempts: int):
    """When the one parked event is to be tried again, once that many attempts are written down."""

    async def next_at():
        async with desk.database.transaction() as tx:
            query = "SELECT next_at FROM recado.parked_deliveries WHERE webhook_id = %s AND attempts = %s"
            row = await (await tx.execute(query, (webhook, attempts))).fetchone()
            return row[0] if row is not None else None

    return await until(next_at)


async def is_failing(desk: Desk, webhook: UUID) -> bool:
    async with desk.database.transaction() as tx:
        row = await webhooks.find(tx, webhook)
    return row is not None and row.failing_since is not None


async def is_off(desk: Desk, webhook: UUID) -> bool:
    async with desk.database.transaction() as tx:
        row = await webhooks.find(tx, webhook)
    return row is not None and row.state == "disabled"


async def recorded(desk: Desk, webhook: UUID, number: int) -> bool:
    return len(await desk.attempts(webhook)) >= number
