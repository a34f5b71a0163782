"""The list of instances: what a card says, how one is made, and that the list lives."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from recado.domain.access import EVERYTHING
from recado.runtime import Runtime
from recado.web import instances as pages
from tests.api.door import House
from tests.web.browser import Browser, Seen

GUARD = 60  # seconds, only against hanging


def once(seen: Seen) -> str:
    found = re.search(r'name="once" value="([^"]+)"', seen.html)
    assert found, seen.text
    return found[1]


def live_path(seen: Seen) -> str:
    """Where the page listens, from where it was drawn."""
    found = re.search(r'data-live="([^"]+)" data-after="(\d+)"', seen.html)
    assert found, seen.html
    path = found[1].replace("&amp;", "&")
    return f"{path}{'&' if '?' in path else '?'}after={found[2]}"


async def piece(events, *wanted: str) -> str:
    """The next pieces that have all of these words."""
    async with asyncio.timeout(GUARD):
        async for event, _, data in events:
            if event == "pieces" and all(word in data for word in wanted):
                return data
    raise AssertionError("the stream ended")


@pytest_asyncio.fixture(loop_scope="module")
async def made(runtime: Runtime) -> AsyncIterator[list[str]]:
    """Names of instances that are removed again."""
    names: list[str] = []
    yield names
    for name in names:
        for one in (await runtime.services.instances.list(EVERYTHING, search=name)).items:
            if one.instance_name == name:
                await runtime.services.instances.remove(one)


@pytest_asyncio.fixture(loop_scope="module")
async def heard(house: House) -> None:
    """`loja` has heard something today."""
    await house.engine.receive((await house.door.get("/v1/instances/loja")).body["id"])


@pytest.mark.usefixtures("heard")
async def test_a_card_says_number_state_unread_and_activity(browser: Browser):
    text = (await browser.get("/instances")).text
    assert re.search(r"loja Connected \+55 11 99999-0001 Loja Messages come and go\. \d+ unread \d+ today", text)
    assert "filial Stopped No number yet No phone is linked yet. No activity yet" in text


@pytest.mark.usefixtures("heard")
async def test_it_speaks_portuguese(browser: Browser):
    text = (await browser.get("/instances?search=loja", Accept_Language="pt-BR")).text
    assert re.search(
        r"loja Conectada \+55 11 99999-0001 Loja As mensagens chegam e saem\. \d+ não lidas? \d+ hoje", text
    )


async def test_a_new_one_leads_to_its_code(browser: Browser, made: list[str]):
    made.append("nova")
    answer = await browser.post("/instances", name=" nova ", once=once(await browser.get("/instances")))
    assert re.fullmatch(r"/instances/[0-9a-f-]{36}/pair", answer.leads_to)


async def test_htmx_is_sent_on_by_a_header(browser: Browser, made: list[str]):
    made.append("nova")
    answer = await browser.post("/instances", {"HX-Request": "true"}, name="nova", once=str(uuid4()))
    assert (answer.status, answer.leads_to) == (200, "")
    assert answer.headers["hx-redirect"].endswith("/pair")


async def test_a_form_sent_twice_makes_one(browser: Browser, runtime: Runtime, made: list[str]):
    made.append("nova")
    form = {"name": "nova", "once": once(await browser.get("/instances"))}
    first, second = await browser.post("/instances", **form), await browser.post("/instances", **form)
    assert (first.status, second.status) == (303, 409)
    assert "already" in second.text
    assert len((await runtime.services.instances.list(EVERYTHING, search="nova")).items) == 1


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("loja", 409, "Já existe uma instância com esse nome."),
        ("Loja São Paulo", 422, "Letras minúsculas"),
        ("", 422, "não é um nome válido"),
        ("x" * 64, 422, "no máximo 63"),
        ("<b>", 422, "não é um nome válido"),
    ],
)
async def test_a_wrong_name_is_said_in_the_pages_language_and_the_form_may_be_sent_again(
    browser: Browser, made: list[str], name: str, status: int, said: str
):
    made.append("nova")
    headers = {"HX-Request": "true", "Accept-Language": "pt"}
    key = once(await browser.get("/instances"))
    answer = await browser.post("/instances", headers, name=name, once=key)
    assert answer.status == status
    assert said in answer.text
    assert answer.headers["hx-retarget"] == "#notices"
    assert (await browser.post("/instances", headers, name="nova", once=key)).status == 200


async def test_a_search_that_finds_nothing_says_so_and_leads_back(browser: Browser):
    seen = await browser.part("/instances?search=%3Cnada%3E")
    assert "Nothing found for “<nada>”" in seen.text
    assert "<nada>" not in seen.html
    assert seen.headers["hx-push-url"] == "/instances?search=%3Cnada%3E"
    assert "filial" not in seen.text


async def test_one_that_is_made_elsewhere_comes_in_its_place_and_one_that_is_removed_goes(
    browser: Browser, runtime: Runtime
):
    seen = await browser.get("/instances")
    async with browser.live(live_path(seen)) as events:
        made = await runtime.services.instances.create("ganso", start=False)
        card = await piece(events, "ganso")
        assert f'id="instance-{made.id}" data-into="#instances" data-order="ganso"' in card
        await runtime.services.instances.update(made, {"instance_name": "gralha"})
        assert f'id="instance-{made.id}"' in await piece(events, 'data-order="gralha"')
        await runtime.services.instances.remove(made)
        gone = f'<del id="instance-{made.id}"></del>'
        assert f'id="instance-{made.id}"' not in (await piece(events, gone)).replace(gone, "")


async def test_a_live_card_is_the_first_pages_card(browser: Browser, house: House):
    seen = await browser.get("/instances")
    loja = (await house.door.get("/v1/instances/loja")).body["id"]
    before = unread(card_of(loja, seen.html))
    async with browser.live(live_path(seen)) as events:
        await house.engine.receive(loja, text="Mais uma")
        card = card_of(loja, await piece(events, f'id="instance-{loja}"', f">{before + 1} unread<"))
    again = card_of(loja, (await browser.get("/instances")).html)
    assert without_times(card) == without_times(again)


def card_of(id: str, html: str) -> str:
    return html[html.index(f'<article class="card instance good" id="instance-{id}"') :].partition("</article>")[0]


def unread(card: str) -> int:
    found = re.search(r'class="count">(\d+) unread<', card)
    assert found, card
    return int(found[1])


def without_times(html: str) -> list[str]:
    return [line.strip() for line in html.splitlines() if "<time" not in line]


async def test_more_are_shown_on_demand_and_are_live_from_then_on(browser: Browser, runtime: Runtime, monkeypatch):
    monkeypatch.setattr(pages, "FIRST", 1)
    first = await browser.get("/instances")
    assert "filial" in first.text
    assert "loja" not in first.text
    assert "last=filial" in live_path(first)
    address = re.search(r'hx-get="(/instances/more[^"]+)"', first.html)
    assert address

    more = await browser.part(address[1].replace("&amp;", "&"))

    assert "loja" in more.text
    assert '<p id="instances-more" hx-swap-oob="delete">' in more.html
    assert "last=" not in live_path(more)


async def test_what_lies_behind_the_last_one_shown_is_no_piece(browser: Browser, runtime: Runtime, monkeypatch, made):
    monkeypatch.setattr(pages, "FIRST", 1)
    made += ["alfa", "zebra"]
    seen = await browser.get("/instances")
    async with browser.live(live_path(seen)) as events:
        await runtime.services.instances.create("zebra", start=False)
        await runtime.services.instances.create("alfa", start=False)
        pieces = await piece(events, "alfa")
    assert "zebra" not in pieces


async def test_a_key_that_may_only_look_sees_no_buttons(stranger: Browser, house: House):
    door = await house.door.new_key("instances:read")
    await stranger.sign_in(door.key or "")
    seen = await stranger.get("/instances")
    assert "loja" in seen.text
    assert "<dialog" not in seen.html
    assert "New instance" not in seen.text
    assert (await stranger.post("/instances", name="nova")).status == 403


async def test_a_key_of_one_instance_sees_that_one_and_makes_no_others(
    stranger: Browser, house: House, runtime: Runtime
):
    [filial] = (await runtime.services.instances.list(EVERYTHING, search="filial")).items
    door = await house.door.new_key("instances:read", "instances:write", instance_id=filial.id)
    await stranger.sign_in(door.key or "")
    seen = await stranger.get("/instances")
    assert "filial" in seen.text
    assert "loja" not in seen.text
    assert "New instance" not in seen.text
    answer = await stranger.post("/instances", name="nova")
    assert answer.status == 403
    assert "belongs to one instance" in answer.text
