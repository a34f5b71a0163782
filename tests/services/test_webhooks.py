"""Webhooks as people ask for them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from standardwebhooks import Webhook as Verifier

from recado.clock import SystemClock
from recado.domain.access import EVERYTHING, Access
from recado.domain.delivery import Delivered, Failed
from recado.domain.errors import Invalid, NotFound
from recado.domain.events import WEBHOOK_TEST
from recado.services.delivery.replay import Wish
from recado.services.delivery.webhooks import Webhooks
from recado.sinks.guard import Guard
from recado.sinks.names import system_lookup
from recado.sinks.webhook import WebhookClient
from recado.store import webhooks as table
from tests.services.delivery import ANA, BIA, Desk
from tests.sinks.receiver import receiving
from tests.waiting import until

URL = "https://a.example/hook"
BOUND = Access(key_id=UUID(int=1), scopes=frozenset({"webhooks"}), instance_id=ANA)
NOBODY = UUID(int=404)


class Rules:
    """Every URL is well, except those with `private` in them."""

    async def check(self, url: str) -> None:
        if "private" in url:
            raise Invalid("webhook_address_refused", "private", field="url")


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


async def stored_secrets(desk: Desk, id: UUID) -> tuple[str, ...]:
    async with desk.database.transaction() as tx:
        target = await table.target(tx, id, now=desk.clock.now())
    return target.secrets


async def test_a_new_webhook_is_active_and_its_secret_is_shown_once(desk: Desk, webhooks: Webhooks):
    webhook, secret = await webhooks.create(EVERYTHING, url=URL)
    assert (webhook.state, secret.startswith("whsec_"), secret in repr(webhook)) == ("active", True, False)
    assert await stored_secrets(desk, webhook.id) == (secret,)


async def test_a_url_that_the_rules_refuse_makes_no_webhook(webhooks: Webhooks):
    with pytest.raises(Invalid):
        await webhooks.create(EVERYTHING, url="http://private/")
    assert await webhooks.list(EVERYTHING) == []


@pytest.mark.parametrize("events", [["message.nothing"], ["*x"], [""]])
async def test_an_event_type_that_does_not_exist_is_refused(webhooks: Webhooks, events: list[str]):
    with pytest.raises(Invalid) as refusal:
        await webhooks.create(EVERYTHING, url=URL, events=events)
    assert refusal.value.extra["field"] == "events"


@pytest.mark.parametrize(
    "headers",
    [{"a b": "x"}, {"": "x"}, {"X": "a\r\nb"}, {"X": "€"}, {"webhook-id": "x"}, {"Host": "x"}, {"X": "a" * 5000},
     {"Connection": "close"}, {"keep-alive": "5"}, {"TE": "trailers"}, {"Transfer-Encoding": "chunked"},
     {"Proxy-Authorization": "x"}, {"Upgrade": "h2c"}, {"X": "a\nb"}, {"X": "a\0b"}, {"X-A\r\nX-B": "x"},
     {"X-A": "1", "x-a": "2"}, {str(n): "x" for n in range(21)}],
)  # fmt: skip
async def test_headers_that_cannot_be_sent_are_refused(webhooks: Webhooks, headers: dict[str, str]):
    with pytest.raises(Invalid) as refusal:
        await webhooks.create(EVERYTHING, url=URL, headers=headers)
    assert refusal.value.extra["field"] == "headers"


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer x"}, {"X-Team": ""}, {"Cookie": "a=b; c=d"}])
async def test_headers_that_can_be_sent_are_kept(webhooks: Webhooks, headers: dict[str, str]):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL, headers=headers)
    assert webhook.headers == headers


async def test_a_bound_key_makes_webhooks_of_its_instance_only(webhooks: Webhooks):
    webhook, _ = await webhooks.create(BOUND, url=URL)
    assert webhook.instance_id == ANA
    with pytest.raises(NotFound):
        await webhooks.create(BOUND, url=URL, instance_id=BIA)


async def test_a_bound_key_sees_and_touches_no_other_webhook(webhooks: Webhooks):
    for_all, _ = await webhooks.create(EVERYTHING, url=URL)
    of_bia, _ = await webhooks.create(EVERYTHING, url=URL, instance_id=BIA)
    assert await webhooks.list(BOUND) == []
    for id in (for_all.id, of_bia.id, NOBODY):
        for call in (
            webhooks.get(BOUND, id),
            webhooks.update(BOUND, id, {"state": "paused"}),
            webhooks.remove(BOUND, id),
            webhooks.rotate_secret(BOUND, id),
            webhooks.attempts(BOUND, id),
            webhooks.replay(BOUND, id, Wish(failed=True)),
            webhooks.test(BOUND, id),
        ):
            with pytest.raises(NotFound):
                await call


async def test_what_is_not_named_in_a_change_stays(webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL, events=["message.*"], headers={"X-A": "1"})
    changed = await webhooks.update(EVERYTHING, webhook.id, {"url": "https://b.example/"})
    assert (changed.url, changed.events, changed.headers) == ("https://b.example/", ["message.*"], {"X-A": "1"})


async def test_a_change_to_a_refused_url_changes_nothing(webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    with pytest.raises(Invalid):
        await webhooks.update(EVERYTHING, webhook.id, {"url": "http://private/", "events": None})
    assert await webhooks.get(EVERYTHING, webhook.id) == webhook


async def test_a_state_that_does_not_exist_is_refused(webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    with pytest.raises(Invalid):
        await webhooks.update(EVERYTHING, webhook.id, {"state": "asleep"})


async def test_a_paused_webhook_gets_nothing_until_it_goes_on_and_then_all_of_it(desk: Desk, webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    other, _ = await webhooks.create(EVERYTHING, url="https://other.example/")
    await webhooks.update(EVERYTHING, webhook.id, {"state": "paused"})
    async with desk.dispatching():
        positions = await desk.append(1, 2)
        await desk.until_at(other.id, positions[-1])
        assert desk.sinks[URL].tried == []
        await webhooks.update(EVERYTHING, webhook.id, {"state": "active"})
        await desk.until_at(webhook.id, positions[-1])
    assert sorted(parcel.event.position for parcel in desk.sinks[URL].taken) == positions


async def test_a_receiver_that_was_down_is_tried_at_once_when_somebody_sets_it_active(desk: Desk, webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL, events=["message.*"])
    sink = desk.sinks[URL]

    async def refuse(_):
        return Failed(error="no connection")

    async def take(_):
        return Delivered(status=200)

    sink.answer = refuse
    async with desk.dispatching():
        positions = await desk.append(*range(1, 31))

        async def is_failing():
            return (await webhooks.get(EVERYTHING, webhook.id)).failing_since

        await until(is_failing)
        sink.answer = take
        await webhooks.update(EVERYTHING, webhook.id, {"state": "active"})
        await desk.until_at(webhook.id, positions[-1])
    assert (await webhooks.get(EVERYTHING, webhook.id)).failing_since is None


async def test_a_change_after_a_rotation_has_ended_is_taken_up(desk: Desk, webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    await webhooks.rotate_secret(EVERYTHING, webhook.id)
    desk.clock.advance(timedelta(hours=25))
    async with desk.dispatching():
        [first] = await desk.append(1)
        await desk.until_at(webhook.id, first)
        desk.clock.advance(timedelta(seconds=1))
        await webhooks.update(EVERYTHING, webhook.id, {"url": "https://moved.example/"})
        moved = desk.sinks["https://moved.example/"]

        async def has_moved():
            await desk.append(1)
            return moved.taken

        await until(has_moved)


async def test_a_removed_webhook_is_gone_and_gets_nothing_more(desk: Desk, webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    other, _ = await webhooks.create(EVERYTHING, url="https://other.example/")
    async with desk.dispatching():
        [first] = await desk.append(1)
        await desk.until_at(webhook.id, first)
        await webhooks.remove(EVERYTHING, webhook.id)
        await until(lambda: desk.dismissed[desk.sinks[URL]])
        [second] = await desk.append(1)
        await desk.until_at(other.id, second)
    with pytest.raises(NotFound):
        await webhooks.get(EVERYTHING, webhook.id)
    assert [parcel.event.position for parcel in desk.sinks[URL].taken] == [first]


async def test_after_a_rotation_both_secrets_sign_for_24_hours_and_then_the_new_one_alone(
    desk: Desk, webhooks: Webhooks
):
    webhook, old = await webhooks.create(EVERYTHING, url=URL)
    _, new = await webhooks.rotate_secret(EVERYTHING, webhook.id)
    during = await stored_secrets(desk, webhook.id)
    desk.clock.advance(timedelta(hours=24))
    assert (during, await stored_secrets(desk, webhook.id)) == ((new, old), (new,))


async def test_the_deliveries_of_a_running_webhook_carry_the_new_secret_at_once(desk: Desk):
    clock = SystemClock()
    guard = Guard(["127.0.0.1"], system_lookup)
    async with receiving() as receiver, WebhookClient.open(guard, system_lookup, clock) as client:
        desk.open_sink = client.sink
        service = Webhooks(desk.database, clock, desk.changes, guard, client.sink)
        webhook, old = await service.create(EVERYTHING, url=receiver.url)
        async with desk.dispatching():
            await desk.append(1)
            await receiver.count(1)
            _, new = await service.rotate_secret(EVERYTHING, webhook.id)
            await until(lambda: _verifies(receiver, new, desk))
        assert Verifier(old).verify(receiver.got[-1].body, receiver.got[-1].headers)


async def _verifies(receiver, secret: str, desk: Desk) -> bool:
    seen = len(receiver.got)
    await desk.append(1)
    await receiver.count(seen + 1)
    return len(receiver.got[-1].headers["webhook-signature"].split()) == 2 and bool(
        Verifier(secret).verify(receiver.got[-1].body, receiver.got[-1].headers)
    )


async def test_attempts_are_listed_the_newest_first_page_by_page(desk: Desk, webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    async with desk.dispatching():
        positions = await desk.append(*[1] * 5)
        await desk.until_at(webhook.id, positions[-1])
    listed, after = [], None
    while True:
        page = await webhooks.attempts(EVERYTHING, webhook.id, after=after, limit=2)
        listed += [attempt.position for attempt in page.items]
        after = page.next
        if after is None:
            break
    assert listed == positions[::-1]


async def test_a_cursor_that_is_none_is_refused(webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    with pytest.raises(Invalid):
        await webhooks.attempts(EVERYTHING, webhook.id, after="nonsense")


async def test_a_test_delivery_is_made_at_once_and_moves_no_cursor(desk: Desk, webhooks: Webhooks):
    webhook, _ = await webhooks.create(EVERYTHING, url=URL)
    attempt = await webhooks.test(EVERYTHING, webhook.id)
    [parcel] = desk.sinks[URL].taken
    assert (attempt.status, attempt.error, parcel.event.type) == (200, None, WEBHOOK_TEST)
    assert await webhooks.get(EVERYTHING, webhook.id) == webhook
    assert [each.event_id for each in (await webhooks.attempts(EVERYTHING, webhook.id)).items] == [parcel.event.id]
