"""The page on which a phone is linked: the code of the moment, its renewal, the other ways, the end, and the way on."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio

from recado.domain import retries
from recado.domain.access import EVERYTHING
from recado.domain.engine import Device, EngineError
from recado.domain.instances import Instance
from recado.runtime import Runtime
from recado.web.pairing_view import picture
from tests.api.door import House
from tests.engines.fake import FakeEngine
from tests.waiting import until
from tests.web.browser import Browser
from tests.web.test_instances import live_path, piece

HTMX = {"HX-Request": "true"}
PHONE = Device(jid="5511977770001:1@s.whatsapp.net", lid="7001:1@lid", push_name="Caixa")


@pytest.fixture
def engine(house: House) -> FakeEngine:
    return house.engine


@pytest_asyncio.fixture(loop_scope="module")
async def caixa(runtime: Runtime) -> AsyncIterator[Instance]:
    """An instance of the test's own that has not been started."""
    made = await runtime.services.instances.create("caixa", start=False)
    yield made
    for one in (await runtime.services.instances.list(EVERYTHING, search="caixa")).items:
        await runtime.services.instances.remove(one)


async def waiting(runtime: Runtime, instance: Instance) -> str:
    """Have a code wait for the phone; the path of the page."""
    await runtime.services.instances.start(instance)
    await until(lambda: shown(runtime, instance))
    return f"/instances/{instance.id}/pair"


async def shown(runtime: Runtime, instance: Instance) -> bool:
    [row] = (await runtime.services.instances.list(EVERYTHING, search=instance.instance_name)).items
    return await runtime.services.instances.shown_code(row) is not None


async def state(runtime: Runtime, id: UUID) -> str:
    return next(one.state for one in (await runtime.services.instances.list(EVERYTHING)).items if one.id == id)


async def test_a_code_is_a_picture_with_its_end_and_what_to_tap(browser: Browser, runtime: Runtime, caixa: Instance):
    seen = await browser.get(await waiting(runtime, caixa), Accept_Language="pt-BR")
    assert 'data-way="qr"' in seen.html
    assert str(picture(f"2@ref0,{caixa.id}")) in seen.html
    assert 'fill="#fff"' in seen.html
    assert re.search(r'<time datetime="[^"]+" data-left>', seen.html)
    assert "Dispositivos conectados" in seen.text
    assert "2@ref0" not in seen.html


async def test_the_code_renews_itself(browser: Browser, runtime: Runtime, engine: FakeEngine, caixa: Instance):
    seen = await browser.get(await waiting(runtime, caixa))
    async with browser.live(live_path(seen)) as events:
        engine.offer_codes(str(caixa.id), ["2@another", "2@third"])
        assert str(picture("2@another")) in await piece(events, 'data-way="qr"', str(picture("2@another")))


async def test_success_leads_into_the_instance(browser: Browser, runtime: Runtime, engine: FakeEngine, caixa: Instance):
    seen = await browser.get(await waiting(runtime, caixa))
    async with browser.live(live_path(seen)) as events:
        engine.pair(str(caixa.id), PHONE)
        assert f'data-go="/instances/{caixa.id}"' in await piece(events, 'data-way="done"')
    assert (await browser.get(f"/instances/{caixa.id}/pair")).leads_to == f"/instances/{caixa.id}"


async def test_an_end_without_a_phone_offers_one_click_to_go_on(
    browser: Browser, runtime: Runtime, engine: FakeEngine, caixa: Instance
):
    seen = await browser.get(path := await waiting(runtime, caixa))
    async with browser.live(live_path(seen)) as events:
        engine.offer_codes(str(caixa.id), ["2@last"], first_ms=30)
        over = await piece(events, 'data-way="expired"')
        assert "Show a new code" in over
        answer = await browser.post(path, HTMX)
        assert answer.status == 200
        assert "New code in" in await piece(events, 'data-way="qr"')


async def test_a_number_gets_a_code_to_type_and_there_is_a_way_back(
    browser: Browser, runtime: Runtime, caixa: Instance
):
    path = await waiting(runtime, caixa)
    answer = await browser.post(f"{path}/code", HTMX, phone="+55 11 97777-0001")
    assert 'data-way="code"' in answer.html
    assert "<span>ABCD</span><span>EFGH</span>" in answer.html
    assert "for +55 11 97777-0001" in answer.text
    assert 'data-way="code"' in (await browser.get(path)).html
    async with browser.live(live_path(await browser.get(path))) as events:
        await browser.post(path, HTMX)
        await piece(events, 'data-way="qr"')


@pytest.mark.parametrize(
    ("phone", "refusal", "said"),
    [
        ("abc", None, "Esse não é um número de telefone com código do país."),
        ("+55 11 97777-0001", EngineError("server", "bad", server_code=429), "não dá mais códigos"),
        ("+55 11 97777-0001", EngineError("server", "bad", server_code=400), "não dá um código para esse número"),
        ("+55 11 97777-0001", EngineError("timeout", "late", may_retry=True), "não respondeu a tempo"),
    ],
)
async def test_why_there_is_no_code_is_said_and_the_page_stays(
    browser: Browser, runtime: Runtime, engine: FakeEngine, caixa: Instance, phone: str, refusal, said: str
):
    path = await waiting(runtime, caixa)
    if refusal is not None:
        engine.script("pair_phone", refusal)
    answer = await browser.post(f"{path}/code", HTMX | {"Accept-Language": "pt"}, phone=phone)
    assert answer.status >= 400
    assert said in answer.text
    assert answer.headers["hx-retarget"] == "#notices"


@pytest.mark.parametrize(
    ("signal", "data", "way", "words"),
    [
        ("passkey_request", {"public_key": "{}"}, "passkey", "asks for a passkey"),
        ("passkey_confirmation", {"code": "12345678"}, "compare", "<span>1234</span><span>5678</span>"),
        ("pair_failed", {"error": "no"}, "failed", "could not be linked"),
        ("connect_failed", {"error": "no", "kind": "server"}, "waiting", "Next attempt in"),
        ("paired", {}, "agreed", "The phone has agreed"),
    ],
)
async def test_whatever_comes_instead_is_said(
    browser: Browser,
    runtime: Runtime,
    engine: FakeEngine,
    caixa: Instance,
    monkeypatch: pytest.MonkeyPatch,
    signal: str,
    data: dict[str, str],
    way: str,
    words: str,
):
    monkeypatch.setattr(retries, "FIRST_WAIT", retries.LONGEST_WAIT)  # not before it was drawn
    seen = await browser.get(await waiting(runtime, caixa))
    async with browser.live(live_path(seen)) as events:
        engine.say(signal, str(caixa.id), **data)
        assert words in await piece(events, f'data-way="{way}"')


async def test_nothing_is_started_by_looking(browser: Browser, runtime: Runtime, caixa: Instance):
    seen = await browser.get(f"/instances/{caixa.id}/pair")
    assert 'data-way="idle"' in seen.html
    assert "Show the QR code" in seen.text
    assert await state(runtime, caixa.id) == "stopped"


async def test_one_that_is_removed_meanwhile_says_so_also_to_who_comes_back(
    browser: Browser, runtime: Runtime, caixa: Instance
):
    live = live_path(await browser.get(await waiting(runtime, caixa)))
    async with browser.live(live) as events:
        await runtime.services.instances.remove(caixa)
        assert "This instance was removed" in await piece(events, 'data-way="gone"')
    async with browser.live(live) as events:
        assert 'href="/instances"' in await piece(events, 'data-way="gone"')


async def test_a_key_that_may_only_look_links_nothing(
    stranger: Browser, runtime: Runtime, house: House, caixa: Instance
):
    path = await waiting(runtime, caixa)
    await stranger.sign_in((await house.door.new_key("instances:read")).key or "")
    seen = await stranger.get(path)
    assert 'data-way="qr"' in seen.html
    assert "<form" not in seen.html.partition('id="content"')[2]
    assert [(await stranger.post(one, phone="5511977770001")).status for one in (path, f"{path}/code")] == [403, 403]
