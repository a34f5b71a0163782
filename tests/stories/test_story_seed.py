"""The seed's wished-for next steps on the real engine, each named as docs/seed.md numbers it."""

from __future__ import annotations

import aiohttp
import pytest

from tests.stories.ears import heard, received
from tests.waiting import until

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(240)]


async def test_s7_1_a_message_is_stored(recado, phone, maria, sql):
    await recado.pair("loja", phone)
    wa_id = await maria.send_text(phone, "Oi")
    await received(recado, 1)
    assert sql("SELECT wa_id, text FROM public.whatsapp_messages") == [(wa_id, "Oi")]


async def test_s7_2_the_front_end_is_told_by_websocket(recado, phone, maria):
    await recado.pair("loja", phone)
    async with recado.listen("types=message.received") as socket:
        await maria.send_text(phone, "Oi")
        assert (await socket.receive_json(timeout=30))["data"]["text"] == "Oi"


async def test_s7_3_the_webhook_is_called(recado, phone, maria, receiver):
    await recado.pair("loja", phone)
    await recado.call("PATCH", "/v1/instances/loja", {"webhook_url": receiver.url})
    wa_id = await maria.send_text(phone, "Oi")
    event = await heard(receiver, "message.received")
    assert (event["instance"], event["data"]["wa_id"]) == ("loja", wa_id)


async def test_s8_6_the_front_end_is_told_what_the_database_says(recado, phone, sql):
    async with recado.listen("types=instance.state") as socket:
        await recado.pair("loja", phone)
        told = await _last(socket, "connected")
    query = "SELECT status, state, phone_number FROM public.whatsapp_instances"
    await until(lambda: sql(query) == [(told["status"], told["state"], told["phone_number"])])


async def _last(socket: aiohttp.ClientWebSocketResponse, state: str) -> dict:
    while True:
        data = (await socket.receive_json(timeout=30))["data"]
        if data["state"] == state:
            return data
