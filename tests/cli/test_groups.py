"""Groups in a terminal."""

from __future__ import annotations

import re

import pytest

from recado.domain.engine import Notice
from tests.engines.fake import FakeEngine

MARIA = "5511988887777@s.whatsapp.net"
GROUP = {
    "JID": "1203@g.us",
    "Name": "Equipe",
    "Topic": "Avisos",
    "Participants": [
        {"JID": "2@lid", "PhoneNumber": MARIA, "LID": "2@lid", "IsAdmin": True},
        {"JID": "3@lid", "LID": "3@lid"},
    ],
}


@pytest.fixture
async def equipe(runtime, loja: str, engine: FakeEngine) -> None:
    [session] = engine.open
    await engine.offer(session, Notice(session=session, name="JoinedGroup", value=GROUP))


@pytest.mark.usefixtures("equipe")
async def test_groups_are_listed_and_shown_with_their_members(recado):
    listed = (await recado("group", "list", "loja")).splitlines()[1]
    subject, members, _, id = re.split(r"  +", listed.strip())
    assert (subject, members) == ("Equipe", "2")
    shown = await recado("group", "show", "loja", id)
    assert "description  Avisos" in shown
    assert re.search(r"5511988887777 +2@lid +admin", shown)


@pytest.mark.usefixtures("loja")
async def test_where_there_are_none_it_is_said(recado):
    assert "No groups." in await recado("group", "list", "loja")


async def test_a_chat_is_marked_as_read(recado, runtime, loja: str, engine: FakeEngine):
    [session] = engine.open
    await engine.receive(session, text="Oi")
    id = (await recado("chat", "list", "loja")).splitlines()[1].split()[-1]
    assert "read" in await recado("chat", "read", "loja", id)
    assert "0 unread in 0 chats." in await recado("chat", "list", "loja")
    assert [what for what, _ in engine.phone(session).heard] == ["read"]
