"""Stories of content: a picture, an edit, a deletion, a reaction, from somebody's phone to the API."""

from __future__ import annotations

import pytest

from recado_simulator.content import text_message
from recado_simulator.protobuf import Value, encode
from tests.waiting import until

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(240)]

JPEG = b"\xff\xd8\xff\xe0 a small picture"
SECRET = b"SECRETSECRETSECRETSECRETSECRETSE"


def message(*path: int, fields: list[tuple[int, Value]]) -> bytes:
    """A Message with these fields at the end of a path of field numbers."""
    inner = encode(fields)
    for number in reversed(path):
        inner = encode([(number, inner)])
    return inner


def key(wa_id: str) -> bytes:
    return encode([(2, 1), (3, wa_id.encode())])


def picture(caption: str, quoted: str) -> bytes:
    context = encode([(1, quoted.encode()), (3, text_message("Tem foto?")), (22, 1)])
    files = [(2, b"image/jpeg"), (3, caption.encode()), (4, bytes(32)), (5, 1234), (6, 480), (7, 640)]
    return message(3, fields=[(1, SECRET), *files, (8, SECRET), (11, SECRET), (16, JPEG), (17, context)])


async def shown(recado, *texts: str | None) -> list[dict]:
    """The instance's messages, oldest first, once they have these texts."""

    async def are_there():
        items = (await recado.call("GET", "/v1/instances/loja/messages"))["items"][::-1]
        return items if [item["text"] for item in items] == list(texts) else None

    return await until(are_there)


async def test_a_picture_is_shown_with_all_that_travels_inside_and_without_its_keys(recado, phone, maria):
    await recado.pair("loja", phone)
    first = await maria.send_text(phone, "Olha só")
    await maria.send(phone, picture("O vestido", first))
    _, photo = await shown(recado, "Olha só", "O vestido")
    assert (photo["kind"], photo["summary"]) == ("imageMessage", "📷 O vestido")
    assert (photo["quoted_wa_id"], photo["quoted_text"]) == (first, "Tem foto?")
    assert photo["details"]["is_forwarded"]
    file = photo["media"]
    assert (file["mime_type"], file["size_bytes"], file["width"], file["height"]) == ("image/jpeg", 1234, 640, 480)
    assert file["thumbnail"].startswith("data:image/jpeg;base64,/9j/")
    assert "SECRET" not in str(photo)


async def test_an_edit_and_a_deletion_change_what_is_shown_and_are_told(recado, phone, maria, sql):
    await recado.pair("loja", phone)
    first = await maria.send_text(phone, "Ola")
    second = await maria.send_text(phone, "Foi engano")
    await shown(recado, "Ola", "Foi engano")
    await maria.send(phone, message(58, 1, 12, fields=[(1, key(first)), (2, 14), (14, text_message("Olá"))]))
    await maria.send(phone, message(12, fields=[(1, key(second)), (2, 0)]))
    edited, deleted = await shown(recado, "Olá", None)
    assert edited["edited_at"] is not None
    assert (deleted["details"], deleted["summary"]) == ({"deleted": True}, "🚫 Message deleted")
    query = "SELECT type FROM recado.event_log WHERE starts_with(type, 'message.') ORDER BY position"
    told = [type for (type,) in sql(query)]
    assert told == ["message.received", "message.received", "message.edited", "message.deleted"]


async def test_a_reaction_is_shown_at_its_message(recado, phone, maria):
    await recado.pair("loja", phone)
    wa_id = await maria.send_text(phone, "Chegou!")
    await maria.send(phone, message(46, fields=[(1, key(wa_id)), (2, "❤".encode())]))

    async def reactions():
        [one] = await shown(recado, "Chegou!")
        return one["reactions"]

    [reaction] = await until(reactions)
    assert (reaction["emoji"], reaction["sender"]["name"], reaction["from_me"]) == ("❤", "Maria", False)
