"""The control API, and the command that serves it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from base64 import b64decode

import aiohttp
import pytest

from recado_simulator.content import text_message
from recado_simulator.fault_orders import FAULTS
from tests.simulator.test_messages import send

PHONE, MARIA = "5511999990001", "5511988887777"


async def get(http, path: str, **query):
    async with http.get(path, params=query) as answer:
        return answer.status, await answer.json()


async def post(http, path: str, **body):
    async with http.post(path, json=body) as answer:
        return answer.status, await answer.json()


async def test_the_root_says_where_the_network_is_and_who_is_there(http, network):
    _, shown = await get(http, "/")

    assert (shown["network"], shown["root_key"]) == (network.url, network.root_key)
    assert [phone["phone"] for phone in shown["phones"]] == [PHONE]


async def test_a_phone_can_be_added_and_seen(http):
    status, phone = await post(http, "/phones", phone="5511999990002", name="Outra", lid="777@lid")

    assert status == 200
    assert phone == {"phone": "5511999990002", "lid": "777@lid", "name": "Outra", "online": False, "linked": []}
    assert (await get(http, "/phones/5511999990002"))[1] == phone


async def test_a_phone_shows_its_linked_device(http, client):
    _, phone = await get(http, f"/phones/{PHONE}")

    assert (phone["online"], phone["linked"]) == (True, [f"{PHONE}:1@s.whatsapp.net"])


async def test_a_refused_scan_is_409_with_the_reason(http):
    status, body = await post(http, f"/phones/{PHONE}/scan", qr="nonsense")

    assert status == 409
    assert "4 or 5 parts" in body["error"]


async def test_a_scanned_device_is_paired(http, unlinked):
    codes = await unlinked.codes()
    async with asyncio.TaskGroup() as tasks:
        scan = tasks.create_task(post(http, f"/phones/{PHONE}/scan", qr=codes[0]))
        tasks.create_task(unlinked.finish_pairing())

    assert scan.result()[1]["linked"] == [f"{PHONE}:1@s.whatsapp.net"]


async def test_a_code_that_nobody_waits_for_is_409(http):
    assert (await post(http, f"/phones/{PHONE}/enter-code", code="ABCD-EFGH"))[0] == 409


async def test_unlinking_tells_the_device(http, client):
    await post(http, f"/phones/{PHONE}/unlink")

    assert (await client.next("stream:error")).text("code") == "401"


async def test_a_contact_sends_text(http, client):
    _, sent = await post(http, f"/contacts/{MARIA}/send", to=PHONE, text="Olá!", count=2)

    messages = [await client.next("message") for _ in range(2)]
    assert [message.text("id") for message in messages] == sent["ids"]
    assert client.read(messages[0]) == text_message("Olá!")


async def test_a_contact_sends_any_bytes(http, client):
    await post(http, f"/contacts/{MARIA}/send", to=PHONE, message="AP8=", address="pn", alternative=False)

    assert client.read(await client.next("message")) == b"\x00\xff"


async def test_the_inbox_shows_what_came_after(http, client, maria):
    await send(client, maria, text_message("um"), "A1")
    await send(client, maria, text_message("dois"), "A2")
    await maria.wait_text("dois")
    _, inbox = await get(http, f"/contacts/{MARIA}/inbox", after="1")

    (message,) = inbox["messages"]
    assert (message["n"], message["from"], message["text"]) == (2, PHONE, "dois")
    assert b64decode(message["message"]) == text_message("dois")


async def test_reading_gives_the_ids(http, client, maria):
    await send(client, maria, text_message("um"), "A1")
    await maria.wait_text()

    assert (await post(http, f"/contacts/{MARIA}/read", **{"from": PHONE}))[1] == {"ids": ["A1"]}


async def test_prepared_messages_have_the_size_asked_for(http, client):
    _, prepared = await post(http, "/prepare", to=PHONE, count=3, contacts=2, bytes=200)

    message = await client.next("message")
    assert len(prepared["ids"]) == 3
    assert len(client.read(message)) == len(text_message("x" * 200))


async def test_the_ledger_can_be_asked_for_what_is_not_confirmed(http, client, maria):
    id = await maria.send_text(PHONE, "Olá!")

    _, unconfirmed = await get(http, "/ledger", account=PHONE, confirmed="false")
    _, confirmed = await get(http, "/ledger", account=PHONE, confirmed="true")
    assert ([row["id"] for row in unconfirmed["rows"]], confirmed["rows"]) == ([id], [])


async def test_counts_are_cheap_to_ask_for(http, client, maria):
    await maria.send_text(PHONE, "Olá!")

    assert (await get(http, "/ledger/counts", account=PHONE))[1]["in"] == 1


async def test_a_fault_is_ordered(http, client):
    await post(http, "/faults", phone=PHONE, kind="stream_error", code=500)

    assert (await client.next("stream:error")).text("code") == "500"


@pytest.mark.parametrize("kind", sorted(FAULTS))
async def test_every_fault_can_be_ordered_with_its_fields(http, kind):
    assert (await post(http, "/faults", phone=PHONE, kind=kind, code=500, ms=1))[0] == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("/phones", {}, 400, "'phone' is missing"),
        ("/phones", {"phone": "abc"}, 400, "is not a number"),
        ("/phones", {"phone": MARIA}, 400, "is a contact"),
        ("/phones/55/scan", {"qr": "x"}, 404, "nobody has the number 55"),
        (f"/phones/{MARIA}/unlink", {}, 404, "is a contact"),
        ("/faults", {"kind": "flood"}, 400, "there is no fault 'flood'"),
        ("/faults", {"kind": "cut"}, 400, "'phone' is missing"),
        ("/prepare", {"to": PHONE, "count": 1}, 404, "no device is linked"),
        (f"/contacts/{MARIA}/send", {"to": PHONE, "message": "*"}, 400, ""),
        ("/nowhere", {}, 404, ""),
    ],
)
async def test_what_is_wrong_is_said_in_a_sentence(http, path, body, status, sentence):
    answered, said = await post(http, path, **body)

    assert answered == status
    assert sentence in said["error"]


@pytest.fixture
async def process(tmp_path):
    command = [sys.executable, "-m", "recado_simulator.cli", "serve", "--state", str(tmp_path), "--seed", "3"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    yield process
    if process.returncode is None:
        process.kill()
    await process.wait()


async def test_the_command_says_where_it_is_and_stops_when_asked(process):
    said = json.loads(await process.stdout.readline())
    async with aiohttp.ClientSession(said["control"]) as http:
        _, shown = await get(http, "/")
        await post(http, "/stop")

    assert (shown["network"], shown["root_key"]) == (said["network"], said["root_key"])
    assert await process.wait() == 0


async def test_the_command_stops_at_a_signal(process):
    await process.stdout.readline()
    process.send_signal(signal.SIGTERM)

    assert await process.wait() == 0
