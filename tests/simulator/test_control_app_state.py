"""A phone's address book and chat settings over HTTP."""

from __future__ import annotations

import pytest

from recado_simulator.app_state.actions import COLLECTIONS
from tests.simulator.app_state_reads import CONTACTS, FLAGS, MUTES
from tests.simulator.test_book import flags
from tests.simulator.test_control import MARIA, PHONE, get, post


async def test_somebody_is_saved_and_removed(http, phone):
    number = f"{MARIA}@s.whatsapp.net"

    saved = await post(http, f"/phones/{PHONE}/book", who=MARIA, name="Maria Silva", first="Maria")
    assert saved == (200, {"names": {number: "Maria Silva"}})
    assert await post(http, f"/phones/{PHONE}/book", who=MARIA, remove=True) == (200, {"names": {}})


async def test_what_is_set_about_a_chat_is_one_change(http, phone, maria):
    body = {"chat": MARIA, "pin": True, "read": False, "mute": True, "mute_until": 1_796_083_200_000}
    _, answer = await post(http, f"/phones/{PHONE}/chats", **body)

    assert flags(phone) == {("pin_v1", maria.lid): (5, 1), ("markChatAsRead", maria.lid): (20, 0)}
    assert (answer["versions"][FLAGS], answer["versions"][MUTES]) == (1, 1)


async def test_an_archived_chat_comes_out_again(http, phone, maria):
    for on in (True, False):
        await post(http, f"/phones/{PHONE}/chats", chat=MARIA, archive=on, address="pn")

    assert flags(phone)["archive", f"{MARIA}@s.whatsapp.net"] == (17, 0)


async def test_versions_are_shown(http):
    assert (await get(http, f"/phones/{PHONE}/app-state"))[1] == {"versions": dict.fromkeys(COLLECTIONS, 0)}


async def test_keys_are_withheld_and_a_snapshot_is_taken(http, phone, maria):
    phone.book.save(maria, "Maria")
    await post(http, f"/phones/{PHONE}/app-state", withhold_keys=True, snapshot=CONTACTS)

    assert phone.app_state.withholds_keys
    assert phone.app_state.collections[CONTACTS].snapshot.version == 1


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("book", {"name": "Maria"}, 400, "'who' is missing"),
        ("book", {"who": "555@lid", "remove": True}, 404, "has no entry"),
        ("book", {"who": MARIA, "name": "Maria", "address": "email"}, 400, "is no address"),
        ("chats", {"pin": True}, 400, "'chat' is missing"),
        ("app-state", {"snapshot": "made_up"}, 404, "there is no collection"),
        ("app-state", {"break_mac": CONTACTS, "mac": "made up"}, 400, "there is no 'made up' MAC"),
    ],
)
async def test_what_cannot_be_is_an_error_with_a_sentence(http, path, body, status, sentence):
    answer = await post(http, f"/phones/{PHONE}/{path}", **body)

    assert answer[0] == status
    assert sentence in answer[1]["error"]
