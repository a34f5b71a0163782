"""The time lock: no new chats until it ends; those who have written can be answered."""

from __future__ import annotations

import json

from recado_simulator.content import text_message
from tests.simulator.test_messages import send


async def told(client) -> dict:
    [update] = (await client.next("notification")).children
    return json.loads(update.data)["data"]["xwa2_notify_account_reachout_timelock"]


async def test_the_devices_are_told_until_when_and_that_it_is_over(client, phone, network):
    before = int(network.now())
    network.faults.time_lock(phone, 600)
    after = int(network.now())
    lock = await told(client)
    assert lock["is_active"]
    assert before + 600 <= int(lock["time_enforcement_ends"]) <= after + 600
    network.faults.time_lock(phone, 0)
    assert await told(client) == {"is_active": False}


async def test_a_stranger_cannot_be_written_to(client, phone, maria, network):
    network.faults.time_lock(phone, is_told=False)
    await send(client, maria, text_message("um"), "A1")
    assert (await client.next("ack")).text("error") == "463"
    assert not list(maria.inbox)


async def test_who_has_written_can_be_answered(client, phone, maria, network):
    await maria.send_text(phone, "Oi")
    await client.next("message")
    network.faults.time_lock(phone, is_told=False)
    await send(client, maria, text_message("um"), "A1")
    await maria.wait_text("um")


async def test_it_ends(client, phone, maria, network):
    network.faults.time_lock(phone, is_told=False)
    network.faults.time_lock(phone, 0, is_told=False)
    await send(client, maria, text_message("um"), "A1")
    await maria.wait_text("um")


async def test_it_can_be_had_over_http(http, client, phone):
    async with http.post("/faults", json={"kind": "time_lock", "phone": phone.phone, "seconds": 60}) as answer:
        assert answer.status == 200, await answer.text()
    assert (await told(client))["is_active"]
