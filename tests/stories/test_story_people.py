"""Stories of people beyond their messages: groups, pictures, who writes, who is there, what was read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stories.ears import received
from tests.waiting import until

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(240)]

ONE, OTHER = b"\xff\xd8\xff\xe0 one picture", b"\xff\xd8\xff\xe0 another picture"
EVENTS = "SELECT type, data FROM recado.event_log WHERE type = ANY (%s) ORDER BY position"


def told(sql, *types: str) -> list[dict[str, Any]]:
    return [data for _, data in sql(EVENTS, list(types))]


async def shown_picture(recado, path: str) -> tuple[int, bytes]:
    async with recado._client().get(path) as answer:
        return answer.status, await answer.read()


async def test_a_group_talks_changes_and_ends(recado, network, phone, maria, sql):
    joao = network.add_contact("5511977776666", name="João")
    ana = network.add_contact("5511966665555", name="Ana")
    group = network.add_group("Equipe", [phone, maria, joao], admins=[maria], description="Avisos")
    await recado.pair("loja", phone)

    async def roles() -> dict[str, str]:
        items = (await recado.call("GET", "/v1/instances/loja/groups"))["items"]
        if not items:
            return {}
        shown = await recado.call("GET", f"/v1/instances/loja/groups/{items[0]['id']}")
        return {member["phone_number"]: member["role"] for member in shown["members"]}

    async def are(expected: dict[Any, str]) -> None:
        async def so() -> bool:
            return await roles() == {handset.phone: role for handset, role in expected.items()}

        await until(so)

    await are({phone: "member", maria: "superadmin", joao: "member"})
    await maria.send_text(group, "Olá a todos")
    await joao.send_text(group, "Oi")
    messages = await received(recado, 2)
    assert {(one["chat"]["name"], one["sender"]["name"], one["text"]) for one in messages} == {
        ("Equipe", "Maria", "Olá a todos"),
        ("Equipe", "João", "Oi"),
    }
    await group.add(ana, by=maria)
    await group.set_subject("Equipe da loja", by=maria)
    await group.remove(joao, by=maria)
    await group.promote(ana, by=maria)
    await are({phone: "member", maria: "superadmin", ana: "admin"})
    [(subject, description, left_at)] = sql(
        "SELECT name, description, left_at FROM whatsapp_chats WHERE kind = 'group'"
    )
    assert (subject, description, left_at) == ("Equipe da loja", "Avisos", None)
    await until(lambda: {"joined", "left", "promoted"} <= {one["action"] for one in told(sql, "group.members")})
    assert [one["changed"] for one in told(sql, "group.updated")] == [{"subject": "Equipe da loja"}]
    await group.remove(phone, by=maria)
    await until(lambda: sql("SELECT left_at IS NOT NULL FROM whatsapp_chats WHERE kind = 'group'") == [(True,)])
    assert len(told(sql, "group.left")) == 1


async def test_a_new_group_is_there_at_once(recado, network, phone, maria, sql):
    await recado.pair("loja", phone)
    group = network.add_group("Nova", [phone, maria], admins=[maria])
    await until(lambda: told(sql, "group.joined"))
    await maria.send_text(group, "Bem-vindos")
    [message] = await received(recado, 1)
    assert (message["chat"]["name"], message["sender"]["phone_number"]) == ("Nova", maria.phone)


async def test_a_person_has_a_picture_and_a_name_that_change(recado, network, phone, maria, sql):
    network.set_picture(maria, ONE)
    await recado.pair("loja", phone)
    await maria.send_text(phone, "Oi")
    [message] = await received(recado, 1)
    path = f"/v1/instances/loja/contacts/{message['sender']['id']}/picture"
    assert await shown_picture(recado, path) == (200, ONE)
    network.set_picture(maria, OTHER)

    async def is_other() -> bool:
        return await shown_picture(recado, path) == (200, OTHER)

    await until(is_other)
    network.hide_picture(maria)
    await until(
        lambda: sql("SELECT picture_id FROM whatsapp_contacts WHERE phone_number = %s", maria.phone) == [(None,)]
    )
    await maria.rename("Maria S.")
    await maria.send_text(phone, "Oi de novo")
    await until(lambda: [one for one in told(sql, "contact.updated") if "push_name" in one["changed"]])
    assert (await received(recado, 2))[0]["sender"]["name"] == "Maria S."


async def test_writing_being_there_and_reading_go_both_ways(recado, phone, maria, sql):
    await recado.pair("loja", phone)
    wa_id = await maria.send_text(phone, "Oi")
    [message] = await received(recado, 1)
    chat, contact = message["chat"]["id"], message["sender"]["id"]
    await recado.call("POST", "/v1/instances/loja/presence", {"state": "available"})
    await recado.call("POST", f"/v1/instances/loja/contacts/{contact}/watch")
    await until(lambda: maria.sees.presence(phone) == "available")
    await maria.set_presence(available=True)
    await until(lambda: [one for one in told(sql, "contact.presence") if one["is_available"]])
    await maria.type(phone, "composing")
    await until(lambda: told(sql, "chat.typing"))
    assert told(sql, "chat.typing")[0]["sender"]["phone_number"] == maria.phone
    await recado.call("POST", f"/v1/instances/loja/chats/{chat}/typing", {"state": "recording"})
    await until(lambda: maria.sees.typing(phone) == "recording")
    read = await recado.call("POST", f"/v1/instances/loja/chats/{chat}/read")
    assert read["unread_count"] == 0
    await until(lambda: any(wa_id in one.ids for one in maria.sees.receipts(phone, "read")))
    await maria.send_text(phone, "E agora?")
    await received(recado, 2)
    await phone.read(maria)
    await until(lambda: sql("SELECT unread_count FROM whatsapp_chats") == [(0,)])
    assert [one["unread_count"] for one in told(sql, "chat.updated")] == [0, 0]
