"""The phone's history over HTTP: how far it is, older messages on demand, and clear refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from recado.domain.engine import EngineError
from recado.domain.sync import HistoryBatch, HistoryMessage
from tests.api.door import Door
from tests.engines.fake import FakeEngine
from tests.waiting import until

CHATS = "/v1/instances/loja/chats"
MARIA = "5511988887777@s.whatsapp.net"


async def session(door: Door) -> str:
    return (await door.get("/v1/instances/loja")).body["id"]


async def chat(door: Door, engine: FakeEngine) -> str:
    """The path of a chat that has a message."""
    await engine.receive(await session(door), text="new", sender=MARIA)
    [found] = (await door.get(CHATS)).body["items"]
    return f"{CHATS}/{found['id']}"


def past(engine: FakeEngine, session: str, *texts: str) -> HistoryBatch:
    """Messages of yesterday."""
    live = [engine.incoming(session, text=text, sender=MARIA) for text in texts]
    old = [replace(one, sent_at=one.sent_at - timedelta(days=1)) for one in live]
    messages = tuple(HistoryMessage(incoming=one, place=place) for place, one in enumerate(old))
    return HistoryBatch(session=session, id="", messages=messages)


async def test_an_instance_that_was_offered_nothing_says_so(door: Door, loja: str):
    told = (await door.get("/v1/instances/loja/history")).body
    assert told == {"state": "none", "percent": None, "chats": 0, "messages": 0, "lost": 0, "pieces": []}


async def test_what_the_phone_hands_over_is_shown_with_its_pieces(door: Door, loja: str, engine: FakeEngine):
    name = await session(door)
    engine.offer_history(name, past(engine, name, "1", "2"))

    async def is_over() -> bool:
        pieces = (await door.get("/v1/instances/loja/history")).body["pieces"]
        return bool(pieces) and pieces[0]["state"] == "done"

    await until(is_over)
    told = (await door.get("/v1/instances/loja/history")).body
    assert (told["state"], told["percent"], told["messages"]) == ("complete", 100, 2)
    [piece] = told["pieces"]
    assert (piece["sync_type"], piece["messages"], piece["added"], piece["error"]) == ("RECENT", 2, 2, None)


async def test_a_request_that_the_phone_has_not_answered_is_accepted_and_listed(
    door: Door, loja: str, engine: FakeEngine
):
    path = await chat(door, engine)
    asked = await door.post(f"{path}/history", {"count": 20})
    assert (asked.status, asked.body["state"], asked.body["count"]) == (202, "asked", 20)
    assert (await door.get(f"{path}/history")).body == [asked.body]


async def test_waiting_answers_when_the_messages_are_there(door: Door, loja: str, engine: FakeEngine):
    path, name = await chat(door, engine), await session(door)
    engine.phone(name).older = past(engine, name, "older")
    answered = await door.post(f"{path}/history?wait=answered", {})
    assert (answered.status, answered.body["state"], answered.body["messages"]) == (200, "answered", 1)
    listed = (await door.get("/v1/instances/loja/messages")).body["items"]
    assert [message["text"] for message in listed] == ["new", "older"]


async def test_wrong_counts_and_chats_are_refused(door: Door, loja: str, engine: FakeEngine):
    path = await chat(door, engine)
    for count in (0, -1, 501, "many"):
        answer = await door.post(f"{path}/history", {"count": count})
        assert (answer.status, answer.code, answer.body["field"]) == (422, "invalid_field", "count")
    await door.instance("filial")
    answer = await door.get(path.replace("loja", "filial") + "/history")
    assert (answer.status, answer.code) == (404, "unknown_chat")


async def test_an_instance_that_is_not_connected_cannot_ask(door: Door, loja: str, engine: FakeEngine):
    path = await chat(door, engine)
    await door.post("/v1/instances/loja/stop")

    async def refused() -> str | None:
        answer = await door.post(f"{path}/history", {})
        return answer.code if answer.status == 409 else None

    assert await until(refused) == "not_connected"


async def test_a_phone_that_cannot_be_asked_is_a_matter_of_trying_again(door: Door, loja: str, engine: FakeEngine):
    path = await chat(door, engine)
    engine.script("ask_history", EngineError("timeout", "no answer", may_retry=True))
    answer = await door.post(f"{path}/history", {})
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "engine_timeout", "5")


async def test_reading_needs_the_scope_for_it(door: Door, loja: str):
    stranger = await door.new_key("events")
    answer = await stranger.get("/v1/instances/loja/history")
    assert (answer.status, answer.code) == (403, "missing_scope")
