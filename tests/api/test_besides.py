"""Groups, pictures, reading, typing and presence over HTTP."""

from __future__ import annotations

import pytest

from recado.domain.engine import Notice
from recado.domain.sync import Picture
from tests.api.door import Door
from tests.engines.fake import FakeEngine
from tests.waiting import until

MARIA = "5511988887777@s.whatsapp.net"
JPEG = b"\xff\xd8\xff\xe0 a picture"
GROUP = {
    "JID": "1203@g.us",
    "Name": "Equipe",
    "Topic": "Avisos",
    "OwnerJID": "2@lid",
    "OwnerPN": MARIA,
    "Participants": [{"JID": "2@lid", "PhoneNumber": MARIA, "LID": "2@lid", "IsAdmin": True}],
}


async def session(door: Door, name: str) -> str:
    return (await door.get(f"/v1/instances/{name}")).body["id"]


@pytest.fixture
async def chat(door: Door, loja: str, engine: FakeEngine) -> str:
    """The path of a chat with one unread message of Maria."""
    await engine.receive(await session(door, loja), push_name="Maria")
    [chat] = (await door.get(f"/v1/instances/{loja}/chats")).body["items"]
    return f"/v1/instances/{loja}/chats/{chat['id']}"


@pytest.fixture
async def contact(door: Door, loja: str, chat: str) -> str:
    [contact] = (await door.get(f"/v1/instances/{loja}/contacts")).body["items"]
    return f"/v1/instances/{loja}/contacts/{contact['id']}"


async def test_a_group_is_listed_and_shown_with_its_members(door: Door, loja: str, engine: FakeEngine):
    id = await session(door, loja)
    await engine.offer(id, Notice(session=id, name="JoinedGroup", value=GROUP))
    [group] = (await door.get(f"/v1/instances/{loja}/groups")).body["items"]
    assert (group["subject"], group["description"], group["member_count"]) == ("Equipe", "Avisos", 1)
    shown = (await door.get(f"/v1/instances/{loja}/groups/{group['id']}")).body
    assert [(one["phone_number"], one["role"]) for one in shown["members"]] == [("5511988887777", "admin")]
    assert shown["owner"]["phone_number"] == "5511988887777"
    assert (await door.get(f"/v1/instances/{loja}/chats/{group['id']}")).body["name"] == "Equipe"


async def test_a_chat_that_is_no_group_is_none(door: Door, loja: str, chat: str):
    answer = await door.get(chat.replace("/chats/", "/groups/"))
    assert (answer.status, answer.code) == (404, "unknown_group")


async def test_a_picture_is_an_image_with_a_tag(door: Door, contact: str, chat: str, engine: FakeEngine):
    engine.pictures[MARIA] = Picture(id="7", url="https://example.net/p", image=JPEG)
    answer = await door.get(f"{contact}/picture")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, JPEG, "image/jpeg")
    assert answer.headers["cache-control"].startswith("private")
    again = await door.get(f"{chat}/picture", headers={"If-None-Match": f'"other", {answer.headers["etag"]}'})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(("why", "code"), [("none", "no_picture"), ("hidden", "picture_hidden")])
async def test_no_picture_to_be_seen(door: Door, contact: str, engine: FakeEngine, why: str, code: str):
    engine.pictures[MARIA] = Picture(id=None, why=why)
    answer = await door.get(f"{contact}/picture")
    assert (answer.status, answer.code) == (404, code)


async def test_reading_a_chat_tells_its_sender(door: Door, loja: str, chat: str, engine: FakeEngine):
    assert (await door.get(chat)).body["unread_count"] == 1
    answer = await door.post(f"{chat}/read")
    assert (answer.status, answer.body["unread_count"]) == (200, 0)
    [(what, (jid, sender, ids))] = engine.phone(await session(door, loja)).heard
    assert (what, jid, sender, len(ids)) == ("read", MARIA, None, 1)


async def test_typing_presence_and_watching(door: Door, loja: str, chat: str, contact: str, engine: FakeEngine):
    assert (await door.post(f"{chat}/typing", {"state": "composing"})).status == 204
    assert (await door.post(f"/v1/instances/{loja}/presence", {"state": "available"})).status == 204
    assert (await door.post(f"{contact}/watch")).status == 204
    id = await session(door, loja)
    assert engine.phone(id).heard == [("typing", "composing"), ("presence", "available")]
    assert engine.watched == {(id, MARIA)}


async def test_nothing_of_it_is_done_while_not_connected(door: Door, loja: str, chat: str, contact: str):
    await door.post(f"/v1/instances/{loja}/stop")

    async def is_stopped() -> bool:
        return (await door.get(f"/v1/instances/{loja}")).body["state"] == "stopped"

    await until(is_stopped)
    for path, body in (
        (f"{chat}/read", None),
        (f"{chat}/typing", {"state": "paused"}),
        (f"{contact}/watch", None),
        (f"/v1/instances/{loja}/presence", {"state": "available"}),
    ):
        answer = await door.post(path, body)
        assert (answer.status, answer.code) == (409, "not_connected"), path
    answer = await door.get(f"{contact}/picture")
    assert (answer.status, answer.code) == (409, "not_connected")
    assert (await door.get(chat)).body["unread_count"] == 1


@pytest.mark.parametrize("path", ["chats/{}/typing", "presence"])
async def test_a_state_that_is_none(door: Door, loja: str, chat: str, path: str):
    answer = await door.post(f"/v1/instances/{loja}/" + path.format(chat.rpartition("/")[2]), {"state": "dancing"})
    assert (answer.status, answer.body["field"]) == (422, "state")


@pytest.mark.parametrize("what", ["read", "typing", "watch", "presence", "picture", "groups"])
async def test_a_key_without_the_right_scope_is_refused(door: Door, chat: str, contact: str, loja: str, what: str):
    stranger = await door.new_key("events")
    paths = {"read": chat, "typing": chat, "watch": contact, "picture": contact}
    path = f"{paths.get(what, f'/v1/instances/{loja}')}/{what}"
    method = "GET" if what in ("picture", "groups") else "POST"
    body = {"state": "paused"} if what == "typing" else {"state": "available"} if what == "presence" else None
    answer = await stranger.call(method, path, body)
    assert answer.status == 403
