"""Sending over HTTP: when, until when, taken back, held up, given up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from recado.domain.engine import EngineError, Notice
from recado.domain.pauses import NOTICE
from tests.api.door import Door
from tests.engines.fake import FakeEngine
from tests.waiting import until

TO, OTHER = "+5511988887777", "+5511977776666"
PATH = "/v1/instances/loja/messages"


def later(**time: float) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


WRONG = [
    ({"send_at": "2027-01-01T09:00:00"}, "invalid_field", "send_at"),
    ({"send_at": "2027-01-01"}, "invalid_field", "send_at"),
    ({"send_at": "2027-01-01 09:00:00Z"}, "invalid_field", "send_at"),
    ({"send_at": "2027-02-30T09:00:00Z"}, "invalid_field", "send_at"),
    ({"send_at": "0001-01-01T00:00:00+14:00"}, "invalid_field", "send_at"),
    ({"send_at": "tomorrow"}, "invalid_field", "send_at"),
    ({"send_at": 1767225600}, "invalid_field", "send_at"),
    ({"send_at": "1767225600"}, "invalid_field", "send_at"),
    ({"send_at": later(days=367)}, "send_at_too_far", "send_at"),
    ({"send_at": later(hours=-1)}, "send_at_past", "send_at"),
    ({"expires_at": "2027-01-01T09:00:00"}, "invalid_field", "expires_at"),
    ({"expires_at": later(hours=-1)}, "expired_already", "expires_at"),
    ({"expires_at": later(days=400)}, "expires_too_far", "expires_at"),
    ({"send_at": later(hours=2), "expires_at": later(hours=1)}, "expired_already", "expires_at"),
    ({"expires_in": 0}, "invalid_field", "expires_in"),
    ({"expires_in": -5}, "invalid_field", "expires_in"),
    ({"expires_in": 10**12}, "invalid_field", "expires_in"),
    ({"expires_in": 1.5}, "invalid_field", "expires_in"),
    ({"expires_in": 60, "expires_at": later(hours=1)}, "expires_twice", "expires_in"),
    ({"sendat": later(hours=1)}, "invalid_field", "sendat"),
]


@pytest.mark.parametrize(("asked", "code", "field"), WRONG)
async def test_a_wrong_time_is_refused_and_nothing_is_queued(door: Door, loja: str, asked: dict, code: str, field: str):
    answer = await door.post(PATH, {"to": TO, "text": "Oi"} | asked)
    assert (answer.status, answer.code, answer.body["field"]) == (422, code, field)
    assert (await door.get("/v1/instances/loja/queue")).body["queued"] == 0


async def test_a_wrong_wait_is_refused(door: Door, loja: str):
    answer = await door.post(PATH + "?wait=read", {"to": TO, "text": "Oi"})
    assert (answer.status, answer.body["field"]) == (422, "wait")


async def test_an_appointment_is_told_with_its_time_and_can_be_taken_back(door: Door, loja: str, engine: FakeEngine):
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    made = await door.post(PATH, {"to": TO, "text": "Oi", "send_at": at.isoformat(), "expires_in": 60})
    assert made.status == 202
    assert made.body["waiting"]["send_at"] == at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert made.body["note"].startswith("It goes at")
    shown = (await door.get(f"{PATH}/{made.body['id']}")).body
    assert shown["waiting"] == made.body["waiting"]
    cancelled = await door.post(f"{PATH}/{made.body['id']}/cancel")
    assert (cancelled.status, cancelled.body["status"]) == (200, "cancelled")
    assert not engine.attempts


async def test_what_is_being_sent_cannot_be_cancelled(door: Door, loja: str, engine: FakeEngine):
    with engine.hold("send") as gate:
        made = await door.post(PATH, {"to": TO, "text": "Oi"})
        await gate.reached(1)
        answer = await door.post(f"{PATH}/{made.body['id']}/cancel")
        assert (answer.status, answer.code) == (409, "message_sending")


async def test_a_message_that_came_in_cannot_be_cancelled(door: Door, loja: str, engine: FakeEngine):
    session = (await door.get("/v1/instances/loja")).body["id"]
    await engine.receive(session)
    [message] = (await door.get(PATH)).body["items"]
    answer = await door.post(f"{PATH}/{message['id']}/cancel")
    assert (answer.status, answer.code) == (409, "not_cancellable")


async def test_an_unknown_message_cannot_be_cancelled(door: Door, loja: str):
    answer = await door.post(f"{PATH}/nothing/cancel")
    assert (answer.status, answer.code) == (404, "unknown_message")


async def test_a_key_that_only_reads_sees_the_queue_and_cancels_nothing(door: Door, loja: str):
    made = await door.post(PATH, {"to": TO, "text": "Oi", "send_at": later(hours=1)})
    reader = await door.new_key("messages:read")
    assert (await reader.get("/v1/instances/loja/queue")).body["scheduled"] == 1
    answer = await reader.post(f"{PATH}/{made.body['id']}/cancel")
    assert (answer.status, answer.code) == (403, "missing_scope")


async def test_waiting_for_the_recipient_answers_when_they_have_it(door: Door, loja: str, engine: FakeEngine):
    session = (await door.get("/v1/instances/loja")).body["id"]
    sending = asyncio.ensure_future(door.post(PATH + "?wait=delivered", {"to": TO, "text": "Oi"}))
    await until(lambda: engine.sent)
    [wa_id] = engine.sent
    await engine.receipt(session, wa_id)
    answer = await sending
    assert (answer.status, answer.body["status"]) == (201, "delivered")


async def test_a_message_that_whatsapp_refuses_is_no_success(door: Door, loja: str, engine: FakeEngine):
    engine.script("send", EngineError("server", "refused", server_code=479))
    answer = await door.post(PATH + "?wait=sent", {"to": TO, "text": "Oi"})
    assert (answer.status, answer.code) == (422, "message_failed")
    assert answer.body["message"]["error"]["code"] == "server_479"


async def test_a_time_lock_is_told_by_the_instance_the_timeline_the_queue_and_the_answer(
    door: Door, loja: str, engine: FakeEngine
):
    session = (await door.get("/v1/instances/loja")).body["id"]
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)
    value = {"is_active": True, "time_enforcement_ends": str(int(ends.timestamp()))}
    await engine.offer(session, Notice(session=session, name=NOTICE, value=value))
    shown = ends.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    async def is_told() -> bool:
        row = (await door.get("/v1/instances/loja")).body
        return (row["status"], row["reason"], row["user_action"]) == ("connected", "time_lock", "write_to_known")

    await until(is_told)
    for language, words in (("en", "no new chats"), ("pt", "conversas novas")):
        entries = (await door.get(f"/v1/instances/loja/timeline?language={language}")).body["items"]
        entry = next(one for one in entries if one["code"] == "time_lock")
        assert words in entry["sentence"]
        assert shown in entry["sentence"]
        assert entry["next_action"]
    made = await door.post(PATH, {"to": OTHER, "text": "Oi"}, headers={"Accept-Language": "pt-BR"})
    assert (made.status, made.body["pause_reason"], made.body["paused_until"]) == (202, "time_lock", shown)
    assert "conversas" in made.body["note"]
    queue = (await door.get("/v1/instances/loja/queue")).body
    assert (queue["queued"], queue["paused"], queue["pause_reason"], queue["paused_until"]) == (
        1,
        1,
        "time_lock",
        shown,
    )
    await engine.offer(session, Notice(session=session, name=NOTICE, value={"is_active": False}))
    await until(lambda: engine.sent)

    async def is_over() -> bool:
        return (await door.get("/v1/instances/loja")).body["reason"] is None

    await until(is_over)
