"""Chats, people and messages in a terminal."""

from __future__ import annotations

import re

import pytest

from recado.cli import screen
from recado.cli.client import Failed
from recado.domain.media import Media
from tests.engines.fake import FakeEngine


@pytest.fixture
async def written(runtime, loja: str, engine: FakeEngine) -> None:
    """Two messages of Maria, one of a number without a name."""
    [session] = engine.open
    await engine.receive(session, text="O pedido chegou?", push_name="Maria")
    await engine.receive(session, kind="imageMessage", text="", media=Media(kind="image"), push_name="Maria")
    await engine.receive(session, text="Bom dia", sender="5511777776666@s.whatsapp.net")


def rows(table: str) -> list[list[str]]:
    return [re.split(r"  +", line) for line in table.strip().splitlines()]


@pytest.mark.usefixtures("written")
async def test_chats_are_listed_with_their_last_message(recado, environment):
    environment.setenv("LC_ALL", "pt_BR.UTF-8")
    _, *chats, unread = rows(await recado("chat", "list", "loja"))
    assert [row[1:4] for row in chats] == [["5511777776666", "1", "Bom dia"], ["Maria", "2", "📷 Foto"]]
    assert unread == ["3 unread in 2 chats."]
    assert "Maria" not in await recado("chat", "list", "loja", "--search", "7777-6666")
    assert "No chats." in await recado("chat", "list", "loja", "--archived")


@pytest.mark.usefixtures("written")
async def test_a_chat_is_shown_with_its_messages_the_newest_last(recado, environment):
    environment.setenv("LC_ALL", "C")
    listed = rows(await recado("chat", "list", "loja", "--search", "maria"))
    out = await recado("chat", "show", "loja", listed[1][-1])
    assert re.search(r"name +Maria", out)
    assert [line[-1] for line in rows(out)[-2:]] == ["O pedido chegou?", "📷 Photo"]


@pytest.mark.usefixtures("written")
async def test_people_are_listed_with_their_names(recado):
    out = await recado("contact", "list", "loja")
    head, maria, _ = rows(out)
    assert (head[:2], maria[0], maria[4]) == (["PHONE NUMBER", "LID"], "5511988887777", "Maria")
    assert await recado("contact", "list", "loja", "--saved") == "Nobody.\n"


@pytest.mark.usefixtures("written")
async def test_messages_are_found(recado):
    _, hit = rows(await recado("message", "search", "loja", "pedidos"))
    assert hit[1:4] == ["Maria", "Maria", "O pedido chegou?"]
    assert await recado("message", "search", "loja", "agulha") == "Nothing was found.\n"
    with pytest.raises(Failed, match="two letters"):
        await recado("message", "search", "loja", "x")


def test_what_was_found_stands_out_on_a_terminal(monkeypatch: pytest.MonkeyPatch):
    snippet = {"text": "o pedido\nchegou", "highlights": [[2, 8]]}
    assert screen.marked(snippet) == "o pedido chegou"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert screen.marked(snippet) == "o \x1b[1mpedido\x1b[0m chegou"
