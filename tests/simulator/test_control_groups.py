"""Groups, and people beyond their messages, over the control API."""

from __future__ import annotations

from base64 import b64encode

import pytest

from recado_simulator.group_orders import ORDERS
from tests.simulator.test_control import MARIA, PHONE, get, post
from tests.simulator.test_people import available

ANA = "5511966665555"
IMAGE = b64encode(b"\xff\xd8").decode()


@pytest.fixture
async def group(http, network) -> str:
    network.add_contact(ANA, name="Ana")
    _, made = await post(http, "/groups", subject="Equipe", members=[PHONE, MARIA], admins=[MARIA])
    return made["id"]


async def test_a_group_is_made_listed_and_shown(http, group):
    _, shown = await get(http, f"/groups/{group.partition('@')[0]}")

    assert (shown["id"], shown["subject"], shown["members"]) == (group, "Equipe", {PHONE: "", MARIA: "superadmin"})
    assert (await get(http, "/groups"))[1] == {"groups": [shown]}


BODIES = {
    "add": {"members": [ANA]}, "remove": {"members": [PHONE]}, "promote": {"members": [PHONE]},
    "demote": {"members": [MARIA]}, "leave": {"member": PHONE}, "subject": {"subject": "Time", "by": MARIA},
    "description": {"description": "sobre"}, "announce": {}, "locked": {"on": False}, "ephemeral": {"seconds": 60},
    "answer": {"to": PHONE, "id": "3EB0", "type": "read", "members": [MARIA]},
}  # fmt: skip


@pytest.mark.parametrize("order", ORDERS)
async def test_every_order_can_be_given(http, group, order):
    assert (await post(http, f"/groups/{group}/{order}", **BODIES[order]))[0] == 200


async def test_an_order_shows_what_the_group_is_then(http, group):
    _, shown = await post(http, f"/groups/{group}/subject", subject="Time")

    assert shown["subject"] == "Time"


async def test_a_contact_writes_and_reads_in_a_group(http, group, network):
    network.add_contact(ANA)
    await post(http, f"/groups/{group}/add", members=[ANA])
    _, sent = await post(http, f"/contacts/{MARIA}/send", to=group, text="Olá")

    _, inbox = await get(http, f"/contacts/{ANA}/inbox")
    assert [(one["chat"], one["from"], one["text"]) for one in inbox["messages"]] == [(group, MARIA, "Olá")]
    assert (await post(http, f"/contacts/{ANA}/read", **{"from": group}))[1] == sent


@pytest.mark.parametrize("owner", ["contacts", "groups"])
async def test_a_picture_is_set_and_taken_away(http, group, network, owner):
    path = f"/contacts/{MARIA}/picture" if owner == "contacts" else f"/groups/{group}/picture"
    _, given = await post(http, path, image=IMAGE)
    held = network.pictures.of(network.account(MARIA) if owner == "contacts" else network.group(group))
    await post(http, path, image=None)

    assert (held.id, held.image) == (given["id"], b"\xff\xd8")
    assert network.pictures.of(network.account(MARIA)) is None


async def test_a_picture_is_hidden(http, network):
    await post(http, f"/contacts/{MARIA}/picture", image=IMAGE)
    await post(http, f"/contacts/{MARIA}/picture", hidden=True)

    assert network.pictures.of(network.account(MARIA)).is_hidden


async def test_presence_and_typing_say_who_was_told(http, client):
    await available(client)

    assert (await post(http, f"/contacts/{MARIA}/typing", to=PHONE, state="recording"))[1] == {"told": 1}
    assert (await post(http, f"/contacts/{MARIA}/presence", available=True))[1] == {"told": 0}
    assert (await client.next("chatstate")).first("composing").text("media") == "audio"


async def test_what_a_contact_was_told_is_shown(http, client, phone, maria):
    await available(client)
    await maria.sees.wait(lambda sees: sees.presence(phone))

    [sighting] = (await get(http, f"/contacts/{MARIA}/sees"))[1]["sightings"]
    assert (sighting["kind"], sighting["who"], sighting["state"]) == ("presence", PHONE, "available")


async def test_a_contact_is_renamed(http, maria):
    await post(http, f"/contacts/{MARIA}/rename", name="Maria S.")

    assert maria.name == "Maria S."


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("/groups", {}, 400, "'subject' is missing"),
        ("/groups", {"subject": "Equipe", "members": []}, 400, "members"),
        ("/groups", {"subject": "Equipe", "members": ["55"]}, 404, "nobody has"),
        ("/groups/120363/add", {"members": [MARIA]}, 404, "there is no group"),
        (f"/contacts/{MARIA}/dance", {}, 404, "there is no order"),
        (f"/contacts/{MARIA}/typing", {"to": PHONE, "state": "dancing"}, 400, "is none of"),
        (f"/contacts/{MARIA}/picture", {"hidden": True}, 404, "has no picture"),
        (f"/contacts/{MARIA}/picture", {"image": "*"}, 400, ""),
    ],
)
async def test_what_is_wrong_is_said(http, path, body, status, sentence):
    answered, said = await post(http, path, **body)

    assert (answered, sentence in said["error"]) == (status, True)


async def test_an_order_that_is_not_there_is_said(http, group):
    assert (await post(http, f"/groups/{group}/dance"))[0] == 404
