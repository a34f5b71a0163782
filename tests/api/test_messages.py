"""Messages over HTTP: sent once, read in order."""

from __future__ import annotations

import asyncio

from tests.api.door import Door
from tests.engines.fake import FakeEngine

TO = "+5511988887777"


async def session(door: Door, name: str) -> str:
    return (await door.get(f"/v1/instances/{name}")).body["id"]


async def test_a_send_is_accepted_with_the_id_that_it_keeps(door: Door, loja: str):
    sent = await door.post(f"/v1/instances/{loja}/messages", {"to": TO, "text": "Oi"})
    assert (sent.status, sent.body["status"], sent.body["note"]) == (202, "queued", None)
    shown = (await door.get(f"/v1/instances/{loja}/messages/{sent.body['id']}")).body
    assert (shown["wa_id"], shown["text"]) == (sent.body["wa_id"], "Oi")


async def test_waiting_answers_when_whatsapp_has_it(door: Door, loja: str):
    sent = await door.post(f"/v1/instances/{loja}/messages?wait=sent", {"to": TO, "text": "Oi"})
    assert (sent.status, sent.body["status"]) == (201, "sent")


async def test_a_message_is_found_by_whatsapps_id_too_and_tells_its_history(door: Door, loja: str):
    sent = await door.post(f"/v1/instances/{loja}/messages?wait=sent", {"to": TO, "text": "Oi"})
    shown = (await door.get(f"/v1/instances/{loja}/messages/{sent.body['wa_id']}")).body
    assert [step["status"] for step in shown["history"]] == ["queued", "sent"]


async def test_the_same_idempotency_key_gives_the_first_answer_again(door: Door, loja: str, engine: FakeEngine):
    path, body, headers = f"/v1/instances/{loja}/messages?wait=sent", {"to": TO, "text": "Oi"}, {"Idempotency-Key": "1"}
    first = await door.post(path, body, headers=headers)
    again = await door.post(path, body, headers=headers)
    assert (again.body["id"], again.headers["idempotent-replayed"]) == (first.body["id"], "true")
    assert len(engine.sent) == 1


async def test_the_same_idempotency_key_at_the_same_time_sends_once(door: Door, loja: str, engine: FakeEngine):
    path, body, headers = f"/v1/instances/{loja}/messages?wait=sent", {"to": TO, "text": "Oi"}, {"Idempotency-Key": "1"}
    answers = await asyncio.gather(*(door.post(path, body, headers=headers) for _ in range(10)))
    assert {answer.body["status"] for answer in answers} == {"sent"}
    assert len(engine.sent) == 1


async def test_an_idempotency_key_for_another_message_is_a_conflict(door: Door, loja: str):
    path, headers = f"/v1/instances/{loja}/messages", {"Idempotency-Key": "1"}
    await door.post(path, {"to": TO, "text": "Oi"}, headers=headers)
    answer = await door.post(path, {"to": TO, "text": "Olá"}, headers=headers)
    assert (answer.status, answer.code) == (409, "idempotency_conflict")


async def test_a_message_that_came_in_is_shown_with_its_sender(door: Door, loja: str, engine: FakeEngine):
    await engine.receive(await session(door, loja), text="Vocês abrem amanhã?")
    [message] = (await door.get(f"/v1/instances/{loja}/messages")).body["items"]
    assert (message["text"], message["status"], message["from_me"]) == ("Vocês abrem amanhã?", "received", False)
    assert message["sender"]["phone_number"] == message["chat"]["phone_number"] == "5511988887777"


async def test_the_messages_of_a_chat_come_a_page_at_a_time(door: Door, loja: str, engine: FakeEngine):
    for number in range(3):
        await engine.receive(await session(door, loja), text=str(number))
    [chat] = (await door.get(f"/v1/instances/{loja}/chats")).body["items"]
    query = {"chat": chat["id"], "limit": 2}
    first = (await door.get(f"/v1/instances/{loja}/messages", params=query)).body
    second = (await door.get(f"/v1/instances/{loja}/messages", params=query | {"after": first["next"]})).body
    assert [one["text"] for page in (first, second) for one in page["items"]] == ["2", "1", "0"]


async def test_a_chat_counts_what_is_unread(door: Door, loja: str, engine: FakeEngine):
    await engine.receive(await session(door, loja))
    [chat] = (await door.get(f"/v1/instances/{loja}/chats")).body["items"]
    assert (await door.get(f"/v1/instances/{loja}/chats/{chat['id']}")).body["unread_count"] == 1


async def test_people_are_listed_and_found(door: Door, loja: str, engine: FakeEngine):
    await engine.receive(await session(door, loja), push_name="Maria")
    [person] = (await door.get(f"/v1/instances/{loja}/contacts")).body["items"]
    assert person["name"] == "Maria"
    assert (await door.get(f"/v1/instances/{loja}/contacts/{person['id']}")).body == person


async def test_a_message_of_another_instance_is_not_found(door: Door, loja: str):
    await door.instance("filial")
    sent = await door.post("/v1/instances/filial/messages", {"to": TO, "text": "Oi"})
    answer = await door.get(f"/v1/instances/{loja}/messages/{sent.body['id']}")
    assert (answer.status, answer.code) == (404, "unknown_message")
