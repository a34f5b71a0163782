"""A receiver that is down as a whole: its cursor stops, it is probed, and it gets everything when it is back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from recado.domain.access import EVERYTHING
from recado.domain.delivery import Delivered
from recado.domain.events import WEBHOOK_FAILING
from recado.domain.webhooks import Webhook
from recado.services.delivery.webhooks import Webhooks
from recado.store import webhooks as table
from tests.services.delivery import Desk, chats_of
from tests.services.script import BAD, DOWN, URL, Script, is_failing, log_head, pass_time, recorded
from tests.services.test_webhooks import Rules
from tests.waiting import until


@pytest.fixture
async def desk(db, clock, bell) -> Desk:
    return Desk(db, clock, bell)


@pytest.fixture
def script(desk: Desk) -> Script:
    return Script(desk)


@pytest.fixture
def webhooks(desk: Desk) -> Webhooks:
    return Webhooks(desk.database, desk.clock, desk.changes, Rules(), desk.open_sink)


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


async def test_a_receiver_that_is_down_for_three_days_is_paused_with_an_event_and_nothing_dies(
    desk: Desk, script: Script
):
    webhook = await desk.webhook(URL)
    watcher = desk.sinks["http://watcher/"]
    await desk.webhook("http://watcher/", events=["webhook.paused"])
    async with desk.dispatching():
        script.otherwise = DOWN
        await desk.append(*range(1, 31))
        await until(lambda: is_failing(desk, webhook))
        await pass_probes(desk, script, [timedelta(hours=71), timedelta(minutes=61)])
        await watcher.until(lambda: bool(watcher.taken))
        row = await until(lambda: paused(desk, webhook))
    event = watcher.taken[0].event
    assert (row.state_reason, row.dead, event.data["webhook_id"], event.data["error"]) == (
        "unreachable",
        0,
        str(webhook),
        DOWN.error,
    )


async def test_a_webhook_that_was_paused_goes_on_where_it_stood_with_all_of_its_time(
    desk: Desk, script: Script, webhooks: Webhooks
):
    """What was parked as the receiver went down counts as never tried: it is not dead after one more failure."""
    webhook = await desk.webhook(URL, events=["message.*"])
    async with desk.dispatching():
        script.otherwise = DOWN
        positions = await desk.append(*range(1, 31))
        await until(lambda: is_failing(desk, webhook))
        await pass_probes(desk, script, [timedelta(hours=71), timedelta(minutes=61)])
        await until(lambda: paused(desk, webhook))
        script.otherwise = Delivered(status=200)
        script.answers[positions[0]] = BAD
        await webhooks.update(EVERYTHING, webhook, {"state": "active"})
        await desk.until_at(webhook, positions[-1])
        await desk.until_parked(webhook, {positions[0]: "waiting"})
        script.answers.clear()
        await pass_time(desk, timedelta(seconds=5))
        await desk.until_parked(webhook, {})
    assert sorted(script.taken) == positions


async def test_an_answer_that_refuses_one_event_shows_that_the_receiver_is_up(desk: Desk, script: Script):
    webhook = await desk.webhook(URL, events=["message.*"])
    async with desk.dispatching():
        script.otherwise = DOWN
        positions = await desk.append(*range(1, 31))
        await until(lambda: is_failing(desk, webhook))
        script.otherwise = BAD
        await pass_time(desk, timedelta(minutes=1))
        await desk.until_parked(webhook, dict.fromkeys(positions, "waiting"))
    assert await desk.position(webhook) >= positions[-1]


async def test_an_event_that_failed_before_an_outage_keeps_what_it_had_left_of_its_time(desk: Desk, script: Script):
    webhook = await desk.webhook(URL, events=["message.*"])
    async with desk.dispatching():
        [early] = await append_refused(desk, script, webhook)
        script.otherwise = DOWN
        await desk.append(*range(2, 31))
        await until(lambda: is_failing(desk, webhook))
        await pass_probes(desk, script, [timedelta(hours=71)])
        script.otherwise = Delivered(status=200)
        tries = script.tries_of(early)
        await pass_time(desk, timedelta(minutes=61))
        await script.sink.until(lambda: script.tries_of(early) > tries)
        await desk.until_parked(webhook, {early: "waiting"})


async def append_refused(desk: Desk, script: Script, webhook: UUID) -> list[int]:
    """One event that is refused, and waits for its next try."""
    first = (await log_head(desk)) + 1
    script.answers[first] = BAD
    await desk.append(1)
    await desk.until_parked(webhook, {first: "waiting"})
    return [first]


async def pass_probes(desk: Desk, script: Script, durations: list[timedelta]) -> None:
    """Let time pass, and after each while one probe fail."""
    for duration in durations:
        tries = len(script.sink.tried)
        await pass_time(desk, duration)
        await script.sink.until(lambda tries=tries: len(script.sink.tried) > tries)


async def paused(desk: Desk, webhook: UUID) -> Webhook | None:
    async with desk.database.transaction() as tx:
        row = await table.find(tx, webhook)
    return row if row is not None and row.state == "paused" else None


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
