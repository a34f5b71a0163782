"""Webhooks over HTTP: secrets shown once, tried, seen, replayed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from standardwebhooks import Webhook as Verifier

from recado.settings import Settings
from tests.api.door import Door
from tests.engines.fake import FakeEngine
from tests.sinks.receiver import Receiver, answering, receiving
from tests.waiting import until


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"allow_private_webhooks": ["127.0.0.1"]})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def test_the_secret_is_shown_at_creation_only(door: Door, receiver: Receiver):
    made = await door.post("/v1/webhooks", {"url": receiver.url})
    assert (made.status, made.body["secret"][:6]) == (201, "whsec_")
    assert "secret" not in (await door.get(f"/v1/webhooks/{made.body['id']}")).body


async def test_a_delivery_is_verified_with_the_secret(door: Door, loja: str, engine: FakeEngine, receiver: Receiver):
    made = (await door.post("/v1/webhooks", {"url": receiver.url, "events": ["message.received"]})).body
    await engine.receive((await door.get(f"/v1/instances/{loja}")).body["id"], text="Oi")
    [delivery] = await receiver.until(lambda got: len(got) == 1)
    event = Verifier(made["secret"]).verify(delivery.body, delivery.headers)
    assert (event["type"], event["instance"], event["data"]["text"]) == ("message.received", "loja", "Oi")


async def test_the_webhook_url_of_an_instance_hears_of_it(door: Door, receiver: Receiver):
    await door.post("/v1/instances", {"instance_name": "loja", "webhook_url": receiver.url, "start": False})
    [first, *_] = await receiver.until(lambda got: len(got) >= 1)
    assert b'"instance.created"' in first.body


async def test_a_rotated_secret_is_shown_once(door: Door, receiver: Receiver):
    made = (await door.post("/v1/webhooks", {"url": receiver.url})).body
    rotated = (await door.post(f"/v1/webhooks/{made['id']}/secret")).body
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != made["secret"]


async def test_a_try_says_what_came_back(door: Door, receiver: Receiver):
    receiver.answer = answering(418, "I am a teapot")
    made = (await door.post("/v1/webhooks", {"url": receiver.url})).body
    attempt = (await door.post(f"/v1/webhooks/{made['id']}/test")).body
    assert (attempt["status"], attempt["answer"]) == (418, "I am a teapot")
    listed = (await door.get(f"/v1/webhooks/{made['id']}/attempts")).body["items"]
    assert [one["id"] for one in listed] == [attempt["id"]]


async def test_a_paused_webhook_hears_nothing_until_it_is_active_again(door: Door, receiver: Receiver):
    made = (await door.post("/v1/webhooks", {"url": receiver.url})).body
    paused = await door.patch(f"/v1/webhooks/{made['id']}", {"state": "paused"})
    assert paused.body["state"] == "paused"
    await door.instance()
    assert receiver.got == []
    await door.patch(f"/v1/webhooks/{made['id']}", {"state": "active"})
    await receiver.until(lambda got: len(got) == 1)


async def test_what_was_delivered_can_be_delivered_again(door: Door, receiver: Receiver):
    made = (await door.post("/v1/webhooks", {"url": receiver.url})).body
    await door.instance()
    await receiver.until(lambda got: len(got) == 1)
    await until_delivered(door, made)
    again = await door.post(f"/v1/webhooks/{made['id']}/replay", {"since": made["position"]})
    assert (again.status, again.body) == (202, {"queued": 1})
    first, second = await receiver.until(lambda got: len(got) == 2)
    assert first.id == second.id


async def test_what_happened_in_a_span_can_be_delivered_again(door: Door, receiver: Receiver):
    made = (await door.post("/v1/webhooks", {"url": receiver.url})).body
    await door.instance()
    await receiver.until(lambda got: len(got) == 1)
    await until_delivered(door, made)
    span = {"from": "2026-01-01T00:00:00Z", "until": "2199-01-01T00:00:00-03:00"}
    again = await door.post(f"/v1/webhooks/{made['id']}/replay", span)
    assert (again.status, again.body) == (202, {"queued": 1})
    first, second = await receiver.until(lambda got: len(got) == 2)
    assert first.id == second.id


async def test_attempts_can_be_chosen_by_event_and_by_what_came_of_them(door: Door, receiver: Receiver):
    made = (await door.post("/v1/webhooks", {"url": receiver.url})).body
    path = f"/v1/webhooks/{made['id']}"
    await door.instance()
    await until_delivered(door, made)
    receiver.answer = answering(500)
    await door.post(f"{path}/test")

    async def chosen(query: str) -> list[int | None]:
        return [one["status"] for one in (await door.get(f"{path}/attempts?{query}")).body["items"]]

    [listed] = (await door.get(f"{path}/attempts?failed=false")).body["items"]
    assert [await chosen(query) for query in ("", "failed=true", f"position={listed['position']}", "position=0")] == [
        [500, 200],
        [500],
        [200],
        [500],
    ]


async def test_attempts_come_in_pages(door: Door, receiver: Receiver):
    made = (await door.post("/v1/webhooks", {"url": receiver.url})).body
    path = f"/v1/webhooks/{made['id']}"
    tried = [(await door.post(f"{path}/test")).body["id"] for _ in range(3)]
    seen, after = [], ""
    while after is not None:
        page = (await door.get(f"{path}/attempts?limit=2{after and '&after=' + after}")).body
        seen += [one["id"] for one in page["items"]]
        after = page["next"]
    assert seen == tried[::-1]


async def until_delivered(door: Door, webhook: dict) -> None:
    async def is_settled() -> bool:
        return (await door.get(f"/v1/webhooks/{webhook['id']}")).body["position"] > webhook["position"]

    await until(is_settled)


@pytest.mark.parametrize(
    "body",
    [{}, {"failed": True, "since": 1}, {"position": 0}, {"since": 2**63}, {"until": "2026-01-01T00:00:00Z"},
     {"from": "2026-01-01T00:00:00"}],
)  # fmt: skip
async def test_a_replay_that_is_not_clear(door: Door, receiver: Receiver, body: dict):
    made = (await door.post("/v1/webhooks", {"url": receiver.url})).body
    answer = await door.post(f"/v1/webhooks/{made['id']}/replay", body)
    assert (answer.status, answer.code) in ((422, "ambiguous_replay"), (422, "invalid_field"))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": "asleep"}, "wrong_state"),
        ({"events": ["nada"]}, "unknown_event_type"),
        ({"url": "ftp://x"}, "webhook_url_invalid"),
    ],
)
async def test_a_wrong_change_changes_nothing(door: Door, receiver: Receiver, changes: dict, code: str):
    made = (await door.post("/v1/webhooks", {"url": receiver.url})).body
    answer = await door.patch(f"/v1/webhooks/{made['id']}", changes)
    assert (answer.status, answer.code) == (422, code)
    kept = (await door.get(f"/v1/webhooks/{made['id']}")).body
    assert (kept["state"], kept["events"], kept["url"]) == ("active", None, receiver.url)


async def test_a_removed_webhook_is_gone(door: Door, receiver: Receiver):
    made = (await door.post("/v1/webhooks", {"url": receiver.url})).body
    assert (await door.delete(f"/v1/webhooks/{made['id']}")).status == 204
    assert (await door.get(f"/v1/webhooks/{made['id']}")).code == "unknown_webhook"


async def test_an_unknown_webhook(door: Door):
    answer = await door.get(f"/v1/webhooks/{uuid4()}")
    assert (answer.status, answer.code) == (404, "unknown_webhook")


async def test_a_key_of_one_instance_does_not_see_the_webhooks_of_others(door: Door, receiver: Receiver):
    bound = await door.new_key("webhooks", instance_id=(await door.instance())["id"])
    made = (await door.post("/v1/webhooks", {"url": receiver.url})).body
    assert (await bound.get("/v1/webhooks")).body["items"] == []
    assert (await bound.get(f"/v1/webhooks/{made['id']}")).status == 404
