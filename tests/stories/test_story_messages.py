"""Stories of messages: one comes in, one goes out, and each is told to whoever listens."""

from __future__ import annotations

import json

import aiohttp
import pytest
import standardwebhooks
from aiohttp import web

from tests.waiting import until

pytestmark = [pytest.mark.story, pytest.mark.engine]


@pytest.fixture
async def receiver():
    """A webhook receiver that keeps headers and bodies."""
    got: list[tuple[dict[str, str], bytes]] = []

    async def take(request: web.Request) -> web.Response:
        got.append((dict(request.headers), await request.read()))
        return web.Response(status=204)

    application = web.Application()
    application.router.add_post("/hook", take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", got
    await runner.cleanup()


async def received(recado, count: int = 1) -> list[dict]:
    async def enough():
        page = await recado.call("GET", "/v1/instances/loja/messages")
        return page["items"] if len(page["items"]) >= count else None

    return await until(enough)


async def test_a_message_comes_in_and_is_a_row(recado, phone, maria, sql):
    await recado.pair("loja", phone)
    wa_id = await maria.send_text(phone, "Vocês abrem amanhã?")
    await received(recado)
    query = """SELECT m.wa_id, m.kind, m.text, m.status, c.phone_number, c.lid
        FROM public.whatsapp_messages m JOIN public.whatsapp_contacts c ON c.id = m.sender_id"""
    assert sql(query) == [(wa_id, "conversation", "Vocês abrem amanhã?", "received", maria.phone, maria.lid)]


async def test_a_message_is_delivered_to_a_webhook_that_can_verify_it(recado, phone, maria, receiver):
    url, got = receiver
    await recado.pair("loja", phone)
    made = await recado.call("POST", "/v1/webhooks", {"url": url, "events": ["message.received"]})
    wa_id = await maria.send_text(phone, "Oi")
    await until(lambda: got)
    headers, body = got[0]
    standardwebhooks.Webhook(made["secret"]).verify(body, {name.lower(): value for name, value in headers.items()})
    event = json.loads(body)
    assert (event["type"], event["instance"], event["data"]["wa_id"]) == ("message.received", "loja", wa_id)


async def test_a_websocket_hears_of_a_message(recado, phone, maria):
    await recado.pair("loja", phone)
    connector = aiohttp.UnixConnector(str(recado.data / "recado.sock"))
    async with (
        aiohttp.ClientSession("http://recado", connector=connector) as http,
        http.ws_connect("/v1/events?types=message.received") as socket,
    ):
        await maria.send_text(phone, "Oi")
        event = await socket.receive_json(timeout=30)
    assert event["data"]["text"] == "Oi"


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

    async def came_in():
        page = await recado.call("GET", "/v1/instances/loja/messages")
        return [message for message in page["items"] if not message["from_me"]]

    assert (await until(came_in))[0]["text"] == longest


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
    connector = aiohttp.UnixConnector(str(recado.data / "recado.sock"))
    async with aiohttp.ClientSession("http://recado", connector=connector) as http:
        seen: list[dict] = []
        for _ in range(5):
            after = seen[-1]["seq"] if seen else 0
            async with http.ws_connect(f"/v1/events?types=message.received&after={after}") as socket:
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
