"""Delivering again what a webhook has had, or should have had, before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from recado.domain.access import EVERYTHING
from recado.domain.delivery import Delivered, Failed
from recado.domain.errors import Conflict, Gone, Invalid, NotFound
from recado.domain.events import INSTANCE_STATE
from recado.services.delivery.replay import Wish
from recado.services.delivery.webhooks import Webhooks
from tests.services.delivery import ANA, BIA, Desk
from tests.services.test_webhooks import URL, Rules

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
async def desk(db, clock, bell) -> Desk:
    desk = Desk(db, clock, bell)
    async with db.transaction() as tx:
        for id, name in ((ANA, "ana"), (BIA, "bia")):
            await tx.execute("INSERT INTO public.whatsapp_instances (id, instance_name) VALUES (%s, %s)", (id, name))
    return desk


@pytest.fixture
def webhooks(desk: Desk) -> Webhooks:
    return Webhooks(desk.database, desk.clock, desk.changes, Rules(), desk.open_sink)


async def test_one_event_can_be_delivered_again_with_the_same_id(desk: Desk, webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    sink = desk.sinks[URL]
    async with desk.dispatching():
        positions = await desk.append(1, 1, 1)
        await desk.until_at(webhook.id, positions[-1])
        assert await webhooks.replay(EVERYTHING, webhook.id, Wish(position=positions[1])) == 1
        await sink.until(lambda: len(sink.taken) == 4)
        await desk.until_parked(webhook.id, {})
    assert sink.taken[3].event.id == sink.taken[1].event.id


async def test_all_that_failed_can_be_delivered_again(desk: Desk, webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    sink = desk.sinks[URL]

    async def refuse(_):
        return Failed(error="422", status=422)

    async def take(_):
        return Delivered(status=200)

    sink.answer = refuse
    async with desk.dispatching():
        positions = await desk.append(1, 2, 3)
        await desk.until_parked(webhook.id, dict.fromkeys(positions, "waiting"))
        await _kill_one(desk, webhook.id, positions[0])
        sink.answer = take
        assert await webhooks.replay(EVERYTHING, webhook.id, Wish(failed=True)) == 3
        await desk.until_parked(webhook.id, {})
    assert sorted(parcel.event.position for parcel in sink.taken) == positions


async def _kill_one(desk: Desk, webhook: UUID, position: int) -> None:
    async with desk.database.transaction() as tx:
        query = "UPDATE recado.parked_deliveries SET state = 'dead' WHERE webhook_id = %s AND position = %s"
        await tx.execute(query, (webhook, position))


async def test_everything_since_a_position_can_be_delivered_again_in_order(desk: Desk, webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL, events=["message.*"])
    sink = desk.sinks[URL]
    async with desk.dispatching():
        positions = await desk.append(1, 1, 1, 1)
        await desk.append(1, type=INSTANCE_STATE)
        await desk.until_at(webhook.id, positions[-1])
        assert await webhooks.replay(EVERYTHING, webhook.id, Wish(since=positions[1])) == 2
        await sink.until(lambda: len(sink.taken) == 6)
        [new] = await desk.append(1)
        await desk.until_at(webhook.id, new)
    assert [parcel.event.position for parcel in sink.taken] == [*positions, *positions[2:], new]


async def test_a_span_of_time_can_be_delivered_again_each_chat_in_order(desk: Desk, webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL, events=["message.*"])
    sink = desk.sinks[URL]
    async with desk.dispatching():
        positions, times = [], []
        for _ in range(4):
            times.append(desk.clock.now())
            positions += await desk.append(1, 1, 2)
            await desk.append(1, type=INSTANCE_STATE)
            desk.clock.advance(timedelta(minutes=1))
        await desk.until_at(webhook.id, positions[-1])
        before = len(sink.taken)
        assert await webhooks.replay(EVERYTHING, webhook.id, Wish(begin=times[1], end=times[3])) == 6
        await sink.until(lambda: len(sink.taken) == before + 6)
        await desk.until_parked(webhook.id, {})
    again = [parcel.event for parcel in sink.taken[before:]]
    assert sorted(event.position for event in again) == positions[3:9]
    of_the_first_chat = [event.position for event in again if event.chat_id == UUID(int=1)]
    assert of_the_first_chat == sorted(of_the_first_chat)


async def test_a_span_without_end_is_delivered_again_in_order(desk: Desk, webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    sink = desk.sinks[URL]
    async with desk.dispatching():
        first = await desk.append(1)
        desk.clock.advance(timedelta(minutes=1))
        begin = desk.clock.now()
        rest = await desk.append(1, 1)
        await desk.until_at(webhook.id, rest[-1])
        assert await webhooks.replay(EVERYTHING, webhook.id, Wish(begin=begin)) == 2
        await sink.until(lambda: len(sink.taken) == 5)
    assert [parcel.event.position for parcel in sink.taken] == [*first, *rest, *rest]


async def test_a_span_that_is_too_long_names_the_position_to_begin_at(desk: Desk, webhooks: Webhooks, monkeypatch):
    monkeypatch.setattr("recado.services.delivery.replay.MOST_PARKED", 2)
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    begin = desk.clock.now()
    async with desk.dispatching():
        positions = await desk.append(1, 2, 3)
        await desk.until_at(webhook.id, positions[-1])
    with pytest.raises(Invalid) as refusal:
        await webhooks.replay(EVERYTHING, webhook.id, Wish(begin=begin, end=begin + timedelta(hours=1)))
    assert (refusal.value.code, refusal.value.extra["since"]) == ("span_too_long", positions[0] - 1)


async def test_nothing_happened_in_a_span(webhooks: Webhooks, desk: Desk):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    now = desk.clock.now()
    assert await webhooks.replay(EVERYTHING, webhook.id, Wish(begin=now, end=now + timedelta(days=1))) == 0


async def test_what_was_given_up_and_is_no_longer_kept_is_not_delivered_again(desk: Desk, webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    positions = await desk.append(1, 1)
    async with desk.database.transaction() as tx:
        for position in positions:
            row = "INSERT INTO recado.parked_deliveries (webhook_id, position, state) VALUES (%s, %s, 'dead')"
            await tx.execute(row, (webhook.id, position))
        await tx.execute("UPDATE recado.log_days SET first_position = %s", (positions[1],))
    assert await webhooks.replay(EVERYTHING, webhook.id, Wish(failed=True)) == 1


async def test_what_has_not_been_tried_yet_cannot_be_tried_again(desk: Desk, webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    [position] = await desk.append(1)
    with pytest.raises(Conflict):
        await webhooks.replay(EVERYTHING, webhook.id, Wish(position=position))


async def test_an_event_of_another_instance_cannot_be_replayed(desk: Desk, webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL, instance_id=ANA)
    async with desk.dispatching():
        [of_bia] = await desk.append(1, instance_id=BIA)
        [of_ana] = await desk.append(1, instance_id=ANA)
        await desk.until_at(webhook.id, of_ana)
    with pytest.raises(NotFound):
        await webhooks.replay(EVERYTHING, webhook.id, Wish(position=of_bia))


async def test_a_position_that_the_log_has_dropped_cannot_be_replayed_from(desk: Desk, webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    await desk.append(1, 1)
    async with desk.database.transaction() as tx:
        await tx.execute("UPDATE recado.log_days SET first_position = first_position + 1")
    with pytest.raises(Gone):
        await webhooks.replay(EVERYTHING, webhook.id, Wish(since=0))


@pytest.mark.parametrize(
    "wish",
    [{}, {"position": 1, "failed": True}, {"since": 0, "position": 1}, {"end": NOON}, {"begin": NOON, "end": NOON}],
)
async def test_a_replay_asks_for_exactly_one_thing(webhooks: Webhooks, wish: dict):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    with pytest.raises(Invalid):
        await webhooks.replay(EVERYTHING, webhook.id, Wish(**wish))
