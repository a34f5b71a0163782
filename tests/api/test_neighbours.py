"""A key of one instance knows nothing of another: no call, list, event, stream, webhook or delivery shows it."""

from __future__ import annotations

import pytest

from recado.domain.access import Access
from tests.api.neighbours import Street, text_of
from tests.api.routes import SCOPE_OF, Operation

STREAMS = {("GET", "/v1/events"), ("WEBSOCKET", "/v1/events")}
CALLS = sorted(operation for operation in SCOPE_OF if operation not in STREAMS)
INTO = [operation for operation in CALLS if "{" in operation[1]]


@pytest.mark.parametrize("operation", INTO, ids=" ".join)
async def test_what_is_another_s_is_answered_as_if_it_were_not_there(street: Street, operation: Operation):
    asked = await street.ask(operation, street.ana.known)
    nothing = await street.ask(operation, {"name": "nobody"})
    assert (asked.status, asked.code) == (404, nothing.code)
    seen = street.ana.marks - set(street.ana.known.values())
    assert [mark for mark in seen if mark in text_of(asked)] == []


async def test_these_tests_see_it_when_an_access_is_not_bound(street: Street, monkeypatch: pytest.MonkeyPatch):
    """A mutant: every access sees every instance."""
    monkeypatch.setattr(Access, "sees", lambda self, instance_id: True)
    found = [await street.ask(one, street.ana.known) for one in INTO if one[0] == "GET"]
    assert len([answer for answer in found if street.ana.shown_in(text_of(answer))]) > len(found) // 2


@pytest.mark.parametrize("operation", [one for one in INTO if one[1].count("{") > 1], ids=" ".join)
async def test_an_id_of_another_leads_nowhere_in_one_s_own(street: Street, operation: Operation):
    answer = await street.ask(operation, {**street.ana.known, "name": "biarritz"})
    assert answer.status == 404


@pytest.mark.parametrize("operation", [one for one in CALLS if one[0] == "GET"], ids=" ".join)
async def test_what_is_one_s_own_shows_nothing_of_another(street: Street, operation: Operation):
    answer = await street.ask(operation, street.bia.known)
    assert answer.status in (200, 409)
    assert street.ana.shown_in(text_of(answer)) == []


@pytest.mark.parametrize("search", ["anahi", "551190000", "text", "friend"])
@pytest.mark.parametrize(
    "list_", ["instances", "instances/biarritz/messages", "instances/biarritz/chats", "instances/biarritz/contacts"]
)
async def test_no_search_finds_anything_of_another(street: Street, list_: str, search: str):
    answer = await street.key.get(f"/v1/{list_}?search={search}")
    assert (answer.status, street.ana.shown_in(text_of(answer))) == (200, [])


@pytest.mark.parametrize("operation", [("POST", "/v1/webhooks"), ("POST", "/v1/keys")], ids=" ".join)
async def test_nothing_can_be_made_for_another(street: Street, operation: Operation):
    answer = await street.ask(operation, {}, instance="anahi")
    assert (answer.status, answer.code) == (404, "unknown_instance")


@pytest.mark.parametrize("operation", [("POST", "/v1/webhooks"), ("POST", "/v1/keys")], ids=" ".join)
async def test_what_is_made_for_nobody_is_bound_as_its_maker_is(street: Street, operation: Operation):
    made = (await street.ask(operation, {})).body
    assert made["instance_id"] == street.bia.session


async def test_no_instance_can_be_created(street: Street):
    answer = await street.ask(("POST", "/v1/instances"), {})
    assert (answer.status, answer.code) == (403, "key_is_bound")


async def head_of(street: Street) -> int:
    return await street.admin.runtime.services.streams.head()


async def test_a_stream_of_events_has_those_of_one_s_own_alone(street: Street):
    """By WebSocket with the key, by server-sent events with a ticket; what comes now ends the reading."""
    ticket = (await street.key.post("/v1/events/ticket")).body["ticket"]
    url, http = street.key.runtime.address + "/v1/events?after=0", street.key.http
    seen: dict[str, list[str]] = {"socket": [], "sse": []}
    async with http.ws_connect(url, headers=street.key.headers) as socket, http.get(f"{url}&ticket={ticket}") as sse:
        for one in (street.ana, street.bia):
            await street.engine.receive(one.session, text=f"the end of {one.name}")
        while "the end of biarritz" not in "".join(seen["socket"]):
            seen["socket"].append(await socket.receive_str())
        while "the end of biarritz" not in "".join(seen["sse"]):
            seen["sse"].append((await sse.content.readany()).decode())
    for said in map("".join, seen.values()):
        assert "text for biarritz" in said
        assert street.ana.shown_in(said) == []
        assert "the end of anahi" not in said


async def test_a_stream_of_another_cannot_be_asked_for(street: Street):
    answer = await street.key.get("/v1/events?instance=anahi")
    assert (answer.status, answer.code) == (404, "unknown_instance")


async def test_a_webhook_of_a_bound_key_is_told_of_one_s_own_alone(street: Street):
    """What comes now, and all there ever was, delivered again."""
    made = (await street.key.post("/v1/webhooks", {"url": street.receiver.url + "/bound"})).body
    for one in (street.ana, street.bia):
        await street.engine.receive(one.session, text=f"hello {one.name}")
    assert (await street.key.post(f"/v1/webhooks/{made['id']}/replay", {"since": 0})).status == 202
    await street.engine.receive(street.ana.session, text="goodbye anahi")
    await street.engine.receive(street.bia.session, text="goodbye biarritz")

    def got() -> str:
        return "".join(one.body.decode() for one in street.receiver.got if one.request.path.endswith("/bound"))

    await street.receiver.until(lambda _: "goodbye biarritz" in got())
    assert "text for biarritz" in got()
    assert [mark for mark in (*street.ana.marks, "hello anahi", "goodbye anahi") if mark in got()] == []
