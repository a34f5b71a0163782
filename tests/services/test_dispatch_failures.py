"""Deliveries that fail: what is parked, what waits behind it, what a restart resumes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from recado.domain.delivery import Delivered, Refused
from recado.domain.events import WEBHOOK_DISABLED
from recado.store import webhooks
from tests.services.delivery import Desk, chats_of
from tests.services.script import BAD, URL, Script, is_off, log_head, pass_time, waiting_row
from tests.waiting import until


@pytest.fixture
async def desk(db, clock, bell) -> Desk:
    return Desk(db, clock, bell)


@pytest.fixture
def script(desk: Desk) -> Script:
    return Script(desk)


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
