"""The conversations over HTTP: the list with its filters and search, live pieces, whose they are."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from recado.domain.engine import Device
from recado.domain.jid import identity_of
from recado.domain.sync import Typing
from tests.api.door import House
from tests.web.browser import Browser, Seen
from tests.web.test_instances import piece

ALERT = "<script>alert(1)</script>"


class Desk:
    """Somebody at the conversations of `loja`, and the people who write to it."""

    def __init__(self, house: House, browser: Browser) -> None:
        self.house = house
        self.browser = browser

    async def session(self, name: str = "loja") -> str:
        return str((await self.house.door.get(f"/v1/instances/{name}")).body["id"])

    async def hear(self, text: str, number: str, **fields: Any) -> str:
        """Somebody writes; the id of the chat with them."""
        session = await self.session(fields.pop("to", "loja"))
        await self.house.engine.receive(session, text=text, sender=f"{number}@s.whatsapp.net", **fields)
        return await self.chat_of(number)

    async def chat_of(self, number: str) -> str:
        async with self.house.door.runtime.database.transaction() as tx:
            query = """SELECT h.id FROM public.whatsapp_chats h JOIN public.whatsapp_contacts c ON c.id = h.contact_id
            WHERE c.phone_number = %s"""
            [row] = await (await tx.execute(query, [number])).fetchall()
        return str(row[0])

    async def names(self, path: str) -> list[str]:
        return names(await self.browser.get(path))


def new_number() -> str:
    """Of somebody who has never written."""
    return f"55119{uuid4().int % 10**8:08d}"


def names(seen: Seen) -> list[str]:
    assert seen.status == 200, seen.text
    return re.findall(r'<b class="row-name"><bdi>(.*?)</bdi>', seen.html)


@pytest.fixture
async def desk(house: House, browser: Browser) -> Desk:
    return Desk(house, browser)


async def test_chats_stand_in_the_list_with_their_last_message_the_newest_first(desk: Desk):
    await desk.hear("Bom dia", "5511900000001", push_name="Ana")
    await desk.hear("Boa tarde", "5511900000002", push_name="Bia")
    seen = await desk.browser.get("/chats")
    assert names(seen)[:2] == ["Bia", "Ana"]
    assert "Boa tarde" in seen.text


async def test_several_instances_in_one_list_and_one_of_them_alone(desk: Desk):
    number, name = new_number(), f"outra-{uuid4()}"
    device = Device(jid=f"{number}:1@s.whatsapp.net", lid=f"{number}:1@lid", push_name="Outra")
    other = await desk.house.door.connected_instance(name, desk.house.engine, device)
    await desk.hear("Oi", new_number(), push_name="Caio", to=name)
    await desk.hear("Oi", new_number(), push_name="Davi")
    both, one = await desk.names("/chats"), await desk.names(f"/chats?instance={other['id']}")
    assert {"Caio", "Davi"} <= set(both)
    assert one == ["Caio"]
    assert await desk.names(f"/chats?instance={uuid4()}") == await desk.names("/chats?instance=nonsense")


async def test_a_key_of_one_instance_sees_that_instance_alone(desk: Desk, stranger: Browser):
    chat = await desk.hear("Segredo", "5511900000005", push_name="Eva")
    filial = await desk.session("filial")
    key = await desk.house.door.new_key("messages:read", instance_id=UUID(filial))
    await stranger.sign_in(key.key or "")
    assert names(await stranger.get("/chats")) == []
    assert "Segredo" not in (await stranger.part("/chats/found?q=segredo")).html
    for path in (f"/chats/{chat}", f"/chats/{chat}/panel", f"/chats/{chat}/window", f"/chats/{chat}/picture"):
        assert (await stranger.part(path)).status == 404
    assert (await stranger.post(f"/chats/{chat}/messages", text="x", once=uuid4().hex)).status in (403, 404)


@pytest.mark.parametrize(
    ("show", "expected"),
    [("unread", {"Gil"}), ("archived", {"Hugo"}), ("groups", {"Equipe"}), ("all", {"Fabi", "Gil"})],
)
async def test_only_some_of_the_chats(desk: Desk, show: str, expected: set[str]):
    for number, name in (("5511900000006", "Fabi"), ("5511900000007", "Gil"), ("5511900000008", "Hugo")):
        await desk.hear("Oi", number, push_name=name)
    async with desk.house.door.runtime.database.transaction() as tx:
        await tx.execute(
            """UPDATE public.whatsapp_chats h SET unread_count = (c.push_name = 'Gil')::int,
            is_archived = c.push_name = 'Hugo' FROM public.whatsapp_contacts c
            WHERE c.id = h.contact_id AND c.push_name = ANY ('{Fabi,Gil,Hugo}')"""
        )
    found = set(await desk.names(f"/chats?show={show}")) & {"Fabi", "Gil", "Hugo", *expected}
    assert found == expected


async def test_a_search_finds_chats_and_messages_and_marks_the_words(desk: Desk):
    chat = await desk.hear("O pedido da quermesse está pronto", "5511900000010", push_name="Iris Quermesse")
    seen = await desk.browser.part("/chats/found?q=quermesse")
    assert names(seen) == ["Iris Quermesse", "Iris Quermesse"]
    assert "O pedido da <mark>quermesse</mark> está pronto" in seen.html
    assert f"/chats/{chat}?at=" in seen.html
    assert names(await desk.browser.part(f"/chats/found?q=pronto&chat={chat}")) == ["Iris Quermesse"]


@pytest.mark.parametrize("q", ["de", "x", "!!!", "a " * 40, ALERT, "%", "'", "\u202e"])
async def test_a_search_of_anything_is_answered(desk: Desk, q: str):
    seen = await desk.browser.ask("GET", "/chats/found", params={"q": q}, headers={"HX-Request": "true"})
    assert seen.status == 200
    assert ALERT not in seen.html


async def test_the_list_goes_on_where_a_page_ends(desk: Desk):
    for n in range(45):
        await desk.hear("Oi", f"55118000000{n:02d}", push_name=f"Pessoa {n:02d}")
    first = await desk.browser.get("/chats")
    [more] = re.findall(r'hx-get="(/chats/more[^"]*)"', first.html)
    second = await desk.browser.part(more.replace("&amp;", "&"))
    assert (len(names(first)), names(first)[0]) == (12, "Pessoa 44")
    assert names(second)[:33] == [f"Pessoa {n:02d}" for n in range(32, -1, -1)]
    assert (await desk.browser.part("/chats/more?after=nonsense")).status == 422


async def test_contacts_are_listed_and_one_without_a_chat_can_be_written_to(desk: Desk):
    fields = {"chat": "1203@g.us", "is_group": True, "push_name": "Zuleica"}
    session, number = await desk.session(), new_number()
    await desk.house.engine.receive(session, text="Oi", sender=f"{number}@s.whatsapp.net", **fields)
    seen = await desk.browser.part("/chats/found?q=zuleica")
    [href] = re.findall(r'href="(/chats/with/[^"]*)"', seen.html)
    pane = await desk.browser.part(href)
    assert f'name="to" value="+{number}"' in pane.html
    sent = await desk.browser.post("/chats", instance=session, to=f"+{number}", text="Olá", once=uuid4().hex)
    assert sent.leads_to == f"/chats/{await desk.chat_of(number)}"
    assert (await desk.browser.get(href)).leads_to == sent.leads_to


async def test_what_is_new_comes_as_pieces_drawn_like_the_page(desk: Desk):
    number = new_number()
    chat = await desk.hear("Oi", number, push_name="Lia")
    page = await desk.browser.get(f"/chats/{chat}")
    address, after = re.search(r'data-live="([^"]*)" data-after="(\d+)"', page.html).groups()
    async with desk.browser.live(f"{address.replace('&amp;', '&')}&after={after}") as events:
        await desk.hear("Tudo bem?", number)
        data = await piece(events, 'class="line theirs', "Tudo bem?")
    fresh = settled((await desk.browser.get(f"/chats/{chat}")).html)
    bubble = re.search(r'<li class="line theirs.*?Tudo bem\?.*?</li>', data, re.S).group()
    row = re.search(rf'<li class="row" id="chat-{chat}".*?</li>', data, re.S).group()
    assert settled(bubble) in fresh
    assert settled(row) in fresh


def settled(html: str) -> str:
    """Without what depends on what stands above it, and on whether the picture has been asked for meanwhile."""
    return html.replace(" follows", " ").replace("data-pictureless", "")


async def test_typing_is_shown_to_whoever_looks(desk: Desk):
    number = new_number()
    chat = await desk.hear("Oi", number, push_name="Mel")
    session, jid = await desk.session(), f"{number}@s.whatsapp.net"
    head = (await desk.browser.get(f"/chats/{chat}")).html
    after = re.search(r'data-after="(\d+)"', head).group(1)
    who = identity_of(jid)
    async with desk.browser.live(f"/chats/live?chat={chat}&after={after}") as events:
        await desk.house.engine.offer(
            session, Typing(session=session, chat=jid, chat_identity=who, sender=who, state="composing")
        )
        assert "Mel" in await piece(events, "is typing")


async def test_hostile_names_are_shown_and_nothing_of_them_is_html(desk: Desk):
    chat = await desk.hear("Oi", "5511900000014", push_name=f"{ALERT}\u202e" + "A" * 3_000)
    for path in ("/chats", f"/chats/{chat}", f"/chats/{chat}/panel"):
        seen = await desk.browser.get(path)
        assert ALERT not in seen.html
        assert "\u202e" not in seen.html or path.endswith("panel")
        assert "A" * 400 not in seen.html


async def test_whoever_is_not_signed_in_sees_nothing(stranger: Browser):
    assert (await stranger.get("/chats")).leads_to.startswith("/sign-in")
    assert (await stranger.part("/chats/list")).status == 401
