"""Chats, people and messages over HTTP: what is shown, in which language, to which key, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from recado.domain.media import Media
from tests.api.door import Door
from tests.engines.fake import FakeEngine

PICTURE = Media(kind="image", mime_type="image/jpeg", size_bytes=7, thumbnail="data:image/jpeg;base64,/9j/")
HERE = "/v1/instances/loja"


async def receive(door: Door, engine: FakeEngine, **message: Any) -> None:
    await engine.receive((await door.get(HERE)).body["id"], **message)


@pytest.fixture(autouse=True)
async def _loja(loja: str) -> None:
    """Every test has the instance."""


async def test_a_picture_is_shown_with_caption_thumbnail_and_summary(door: Door, engine: FakeEngine):
    await receive(door, engine, kind="imageMessage", text="Veja", media=PICTURE, details={"is_forwarded": True})
    [shown] = (await door.get(f"{HERE}/messages")).body["items"]
    assert (shown["kind"], shown["text"], shown["summary"]) == ("imageMessage", "Veja", "📷 Veja")
    assert (shown["details"], shown["media"]["thumbnail"]) == ({"is_forwarded": True}, PICTURE.thumbnail)
    assert (shown["media"]["mime_type"], shown["reactions"], shown["snippet"]) == ("image/jpeg", [], None)


async def test_summaries_are_in_the_language_of_the_request(door: Door, engine: FakeEngine):
    await receive(door, engine, kind="imageMessage", text="", media=PICTURE)
    for header, line in (("pt-BR,pt;q=0.9,en;q=0.8", "📷 Foto"), ("de, en;q=0.5", "📷 Photo"), ("", "📷 Photo")):
        headers = {"Accept-Language": header}
        [message] = (await door.get(f"{HERE}/messages", headers=headers)).body["items"]
        [chat] = (await door.get(f"{HERE}/chats", headers=headers)).body["items"]
        one = (await door.get(f"{HERE}/messages/{message['id']}", headers=headers)).body
        assert (message["summary"], chat["last_message"]["summary"], one["summary"]) == (line, line, line)


async def test_a_quoted_voice_message_is_named_in_the_language_of_the_request(door: Door, engine: FakeEngine):
    quoted = {"quoted": {"kind": "audioMessage", "media": {"kind": "voice"}}}
    await receive(door, engine, text="Ouvi", quoted_wa_id="3EB0FF", details=quoted)
    [shown] = (await door.get(f"{HERE}/messages", headers={"Accept-Language": "pt"})).body["items"]
    assert shown["quoted_text"] == "🎤 Mensagem de voz"


async def test_a_message_has_its_reactions(door: Door, engine: FakeEngine):
    await receive(door, engine, text="Oi", wa_id="3EB0AA")
    reaction = {"kind": "reactionMessage", "target_wa_id": "3EB0AA", "details": {"reaction": "❤"}}
    await receive(door, engine, text="", **reaction)
    [listed] = (await door.get(f"{HERE}/messages")).body["items"]
    shown = (await door.get(f"{HERE}/messages/3EB0AA")).body
    assert listed["reactions"] == shown["reactions"]
    [only] = shown["reactions"]
    assert (only["emoji"], only["from_me"], only["sender"]["phone_number"]) == ("❤", False, "5511988887777")
    [aside] = (await door.get(f"{HERE}/messages?kind=reactionMessage")).body["items"]
    assert (aside["target_wa_id"], aside["summary"]) == ("3EB0AA", "Reacted ❤")


async def test_an_edited_message_says_when(door: Door, engine: FakeEngine):
    await receive(door, engine, text="Ola", wa_id="3EB0AA")
    change = {"kind": "protocolMessage", "target_wa_id": "3EB0AA", "change": "edit", "details": {"change": "edit"}}
    await receive(door, engine, text="Olá", **change)
    [shown] = (await door.get(f"{HERE}/messages")).body["items"]
    assert (shown["text"], shown["edited_at"] is None) == ("Olá", False)


async def test_a_search_says_where_it_has_found_something(door: Door, engine: FakeEngine):
    for text in ("O pedido chegou", "Nada", "Dois pedidos"):
        await receive(door, engine, text=text)
    page = (await door.get(f"{HERE}/messages", params={"search": "pedido", "limit": 1})).body
    [hit] = page["items"]
    assert hit["snippet"] == {"field": "text", "text": "Dois pedidos", "highlights": [[5, 12]]}
    following = {"search": "pedido", "after": page["next"]}
    [other] = (await door.get(f"{HERE}/messages", params=following)).body["items"]
    assert other["text"] == "O pedido chegou"


async def test_messages_around_one_lead_both_ways(door: Door, engine: FakeEngine):
    for number in range(5):
        await receive(door, engine, text=str(number), wa_id=f"3EB0A{number}")
    page = (await door.get(f"{HERE}/messages?around=3EB0A2&limit=3")).body
    assert [one["text"] for one in page["items"]] == ["3", "2", "1"]
    chat = page["items"][0]["chat"]["id"]
    for direction, name, expected in (("after", "next", ["0"]), ("before", "previous", ["4"])):
        more = await door.get(f"{HERE}/messages", params={"chat": chat, direction: page[name]})
        assert [one["text"] for one in more.body["items"]] == expected


async def test_only_messages_of_some_time_kind_and_direction(door: Door, engine: FakeEngine):
    await receive(door, engine, text="Oi")
    [shown] = (await door.get(f"{HERE}/messages")).body["items"]
    for query, count in (
        ({"since": shown["sent_at"]}, 1),
        ({"until": shown["sent_at"]}, 0),
        ({"from_me": "true"}, 0),
        ({"kind": "conversation"}, 1),
        ({"kind": "imageMessage"}, 0),
    ):
        assert len((await door.get(f"{HERE}/messages", params=query)).body["items"]) == count, query


async def test_chats_are_counted_filtered_and_searched(door: Door, engine: FakeEngine):
    await receive(door, engine, text="Oi", push_name="João")
    page = (await door.get(f"{HERE}/chats", params={"unread": "true", "search": "joao", "kind": "person"})).body
    assert page["unread"] == {"chats": 1, "messages": 1}
    [chat] = page["items"]
    assert (chat["last_message"]["summary"], chat["last_message"]["sender"]["name"]) == ("Oi", "João")
    assert (await door.get(f"{HERE}/chats?archived=true")).body["items"] == []
    assert (await door.get(f"{HERE}/chats/{chat['id']}")).body == chat


async def test_a_person_is_shown_with_every_name(door: Door, engine: FakeEngine):
    await receive(door, engine, push_name="Maria")
    [person] = (await door.get(f"{HERE}/contacts?saved=false&search=8888-7777")).body["items"]
    assert person["names"] == {"saved": None, "first": None, "business": None, "push": "Maria"}
    assert not person["is_saved"]
    assert (await door.get(f"{HERE}/chats/{person['chat_id']}")).body["name"] == "Maria"
    assert (await door.get(f"{HERE}/contacts?saved=true")).body["items"] == []


@pytest.mark.parametrize("path", ["/messages", "/messages?search=oi", "/messages/{message}", "/chats", "/chats/{chat}",
                                  "/contacts", "/contacts/{contact}"])  # fmt: skip
async def test_a_key_of_another_instance_sees_nothing(door: Door, engine: FakeEngine, path: str):
    await receive(door, engine)
    [message] = (await door.get(f"{HERE}/messages")).body["items"]
    ids = {"message": message["id"], "chat": message["chat"]["id"], "contact": message["sender"]["id"]}
    filial = await door.instance("filial")
    stranger = await door.new_key("messages:read", instance_id=filial["id"])
    here, there = (f"/v1/instances/{name}{path.format(**ids)}" for name in ("loja", "filial"))
    answer = await stranger.get(here)
    assert (answer.status, answer.code) == (404, "unknown_instance")
    theirs = await stranger.get(there)
    assert theirs.status == 404 if "{" in path else theirs.body["items"] == []
    without = await door.new_key("events", "messages:send")
    refused = await without.get(here)
    assert (refused.status, refused.code) == (403, "missing_scope")
