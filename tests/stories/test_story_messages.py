"""Stories of messages: one comes in, one goes out, and each is told to whoever listens."""

from __future__ import annotations

import pytest
import standardwebhooks

from tests.stories.ears import received
from tests.waiting import until

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(240)]


async def test_a_message_comes_in_and_is_a_row(recado, phone, maria, sql):
    await recado.pair("loja", phone)
    wa_id = await maria.send_text(phone, "Vocês abrem amanhã?")
    await received(recado, 1)
    query = """SELECT m.wa_id, m.kind, m.text, m.status, c.phone_number, c.lid
        FROM public.whatsapp_messages m JOIN public.whatsapp_contacts c ON c.id = m.sender_id"""
    assert sql(query) == [(wa_id, "conversation", "Vocês abrem amanhã?", "received", maria.phone, maria.lid)]


async def test_a_message_is_delivered_to_a_webhook_that_can_verify_it(recado, phone, maria, receiver):
    await recado.pair("loja", phone)
    made = await recado.call("POST", "/v1/webhooks", {"url": receiver.url, "events": ["message.received"]})
    wa_id = await maria.send_text(phone, "Oi")
    await until(lambda: receiver.got)
    headers, body = receiver.got[0]
    standardwebhooks.Webhook(made["secret"]).verify(body, headers)
    [event] = receiver.events
    assert (event["type"], event["instance"], event["data"]["wa_id"]) == ("message.received", "loja", wa_id)


async def test_a_reply_goes_out_and_its_status_goes_to_read(recado, network, phone, maria):
    await recado.pair("loja", phone)
    body = {"to": f"+{maria.phone}", "text": "Abrimos sim!"}
    sent = await recado.call("POST", "/v1/instances/loja/messages", body, wait="sent")
    assert await maria.wait_text(containing="Abrimos") == "Abrimos sim!"
    await maria.read(phone)

    async def is_read():
        message = await recado.call("GET", f"/v1/instances/loja/messages/{sent['id']}")
        return message["status"] == "read"

    await until(is_read)


async def test_a_text_of_the_greatest_length_goes_both_ways(recado, phone, maria):
    await recado.pair("loja", phone)
    longest = "ã" * 65_536
    await recado.call("POST", "/v1/instances/loja/messages", {"to": f"+{maria.phone}", "text": longest}, wait="sent")
    assert await maria.wait_text() == longest
    await maria.send_text(phone, longest)

    assert (await received(recado, 1))[0]["text"] == longest


async def test_a_message_accepted_while_not_connected_goes_when_connected(recado, network, phone, maria):
    await recado.pair("loja", phone)
    await recado.call("POST", "/v1/instances/loja/stop")
    await recado.until_state("loja", "stopped")
    accepted = await recado.call("POST", "/v1/instances/loja/messages", {"to": f"+{maria.phone}", "text": "later"})
    assert accepted["status"] == "queued"
    assert "note" in accepted
    await recado.call("POST", "/v1/instances/loja/start")
    assert await maria.wait_text(containing="later", timeout=30) == "later"


async def test_an_event_stream_that_was_cut_goes_on_where_it_was(recado, phone, maria):
    await recado.pair("loja", phone)
    for n in range(5):
        await maria.send_text(phone, f"message {n}")
    await received(recado, 5)
    seen: list[dict] = []
    for _ in range(5):
        after = seen[-1]["seq"] if seen else 0
        async with recado.listen(f"types=message.received&after={after}") as socket:
            seen.append(await socket.receive_json(timeout=30))
    assert [event["data"]["text"] for event in seen] == [f"message {n}" for n in range(5)]


@pytest.mark.parametrize("first", ["pn", "lid"])
async def test_a_contact_who_writes_by_number_and_by_lid_is_one_contact_with_one_chat(recado, phone, maria, sql, first):
    await recado.pair("loja", phone)
    second = {"pn": "lid", "lid": "pn"}[first]
    await maria.send_text(phone, "one", id="3AEQUAL", address=first)
    await received(recado, 1)
    await maria.send_text(phone, "two", id="3AOTHER", address=second)
    await received(recado, 2)
    assert sql(
        "SELECT count(*) FROM public.whatsapp_contacts WHERE merged_into IS NULL AND phone_number = %s", maria.phone
    ) == [(1,)]
    assert sql("SELECT count(DISTINCT chat_id), count(*) FROM public.whatsapp_messages") == [(1, 2)]
