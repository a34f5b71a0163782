"""The page of one instance: how it stands and why, what can be done about it, and what is said when it cannot."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from recado.domain import retries
from recado.domain.access import EVERYTHING
from recado.domain.engine import Device
from recado.domain.instances import Instance
from recado.domain.sync import HistoryBatch
from recado.runtime import Runtime
from recado.web import instance_parts
from tests.api.door import House
from tests.engines.fake import FakeEngine
from tests.waiting import until
from tests.web.browser import Browser
from tests.web.test_instances import live_path, piece

HTMX = {"HX-Request": "true"}
PT = HTMX | {"Accept-Language": "pt-BR"}
PHONE = Device(jid="5511977770001:1@s.whatsapp.net", lid="7001:1@lid", push_name="Caixa")


@pytest.fixture
def engine(house: House) -> FakeEngine:
    return house.engine


async def row(runtime: Runtime, name: str) -> Instance:
    return next(one for one in (await runtime.services.instances.list(EVERYTHING)).items if one.instance_name == name)


async def stands(runtime: Runtime, name: str, state: str) -> Instance:
    async def so() -> Instance | None:
        found = await row(runtime, name)
        return found if found.state == state else None

    found: Instance = await until(so)
    return found


@pytest_asyncio.fixture(loop_scope="module")
async def caixa(runtime: Runtime, engine: FakeEngine) -> AsyncIterator[Instance]:
    """A connected instance of the test's own."""
    made = await runtime.services.instances.create("caixa", start=False)
    engine.link(str(made.id), PHONE)
    await runtime.services.instances.start(made)
    yield await stands(runtime, "caixa", "connected")
    for one in (await runtime.services.instances.list(EVERYTHING)).items:
        if one.id == made.id:
            await runtime.services.instances.remove(one)


def path(instance: Instance, *more: str) -> str:
    return "/".join([f"/instances/{instance.id}", *more])


async def test_it_says_how_it_stands_whose_phone_it_is_and_what_happened(browser: Browser, caixa: Instance):
    text = (await browser.get(path(caixa))).text
    assert "caixa +55 11 97777-0001 · Caixa" in text
    assert "Connected Messages come and go." in text
    assert "Restart Stop What happened Connected." in text
    assert "The instance was created." in text
    assert "Nothing waits." in text
    assert "recado instance export caixa caixa.recado-backup" in text


async def test_it_speaks_portuguese(browser: Browser, caixa: Instance):
    text = (await browser.get(path(caixa), Accept_Language="pt-BR")).text
    assert "Conectada As mensagens chegam e saem." in text
    assert "A instância foi criada." in text
    assert "Remover caixa para sempre?" in text


async def test_why_it_was_disconnected_comes_by_itself_with_the_way_on(
    browser: Browser, engine: FakeEngine, caixa: Instance
):
    async with browser.live(live_path(await browser.get(path(caixa)))) as events:
        engine.unlink(str(caixa.id))
        pieces = await piece(events, 'id="standing"', "Unlinked")
    assert "The device was unlinked on the phone." in pieces
    assert "Link the phone again" in pieces
    assert 'data-into="#timeline"' in pieces
    assert "No phone is linked." in pieces


async def test_a_lost_connection_counts_down_and_can_be_tried_now(
    browser: Browser,
    runtime: Runtime,
    engine: FakeEngine,
    caixa: Instance,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(retries, "FIRST_WAIT", retries.LONGEST_WAIT)  # not before the page was looked at
    engine.connects_by_itself = False
    try:
        engine.cut(str(caixa.id))
        await stands(runtime, "caixa", "reconnecting")
        seen = await browser.get(path(caixa))
        assert "The connection was lost. Next attempt in" in seen.text
        assert "Try now" in seen.text
        assert (await browser.post(path(caixa, "start"), HTMX)).status == 200
        await stands(runtime, "caixa", "starting")
    finally:
        engine.connects_by_itself = True


async def test_it_is_stopped_and_started(browser: Browser, runtime: Runtime, caixa: Instance):
    answer = await browser.post(path(caixa, "stop"), HTMX)
    assert 'id="standing"' in answer.html
    await stands(runtime, "caixa", "stopped")
    text = (await browser.get(path(caixa))).text
    assert "Stopped Somebody asked to stop it. It stays linked." in text
    assert (await browser.post(path(caixa, "start"))).leads_to == path(caixa)
    await stands(runtime, "caixa", "connected")


async def test_it_is_restarted(browser: Browser, runtime: Runtime, engine: FakeEngine, caixa: Instance):
    def starts() -> int:
        return len([call for call in engine.calls if call[:2] == ("start", str(caixa.id))])

    before = starts()
    assert (await browser.post(path(caixa, "restart"), HTMX)).status == 200
    await until(lambda: starts() > before)
    await stands(runtime, "caixa", "connected")


async def test_it_is_logged_out(browser: Browser, runtime: Runtime, caixa: Instance):
    answer = await browser.post(path(caixa, "logout"), HTMX)
    assert "Unlinked Somebody logged the instance out." in answer.text
    assert (await row(runtime, "caixa")).phone_number is None


@pytest.mark.parametrize("act", ["stop", "restart", "logout"])
async def test_what_does_not_apply_any_more_is_said(browser: Browser, house: House, act: str):
    filial = (await house.door.get("/v1/instances/filial")).body["id"]
    answer = await browser.post(f"/instances/{filial}/{act}", PT)
    assert answer.status == 409
    assert "Isso não se aplica mais" in answer.text


async def test_removing_asks_for_the_name(browser: Browser, runtime: Runtime, caixa: Instance):
    wrong = await browser.post(path(caixa, "remove"), PT, typed="Caixa")
    assert wrong.status == 422
    assert "Esse não é o nome desta instância; nada foi removido." in wrong.text
    assert (await row(runtime, "caixa")).state == "connected"
    right = await browser.post(path(caixa, "remove"), HTMX, typed="caixa ")
    assert right.headers["hx-redirect"] == "/instances"
    gone = await browser.get(path(caixa))
    assert gone.status == 404
    assert "There is no such instance (any more)." in gone.text


async def test_an_open_page_says_that_the_instance_was_removed_also_to_who_comes_back(
    browser: Browser, runtime: Runtime, caixa: Instance
):
    live = live_path(await browser.get(path(caixa)))
    async with browser.live(live) as events:
        await runtime.services.instances.remove(caixa)
        assert 'href="/instances"' in await piece(events, "This instance was removed")
    async with browser.live(live) as events:
        assert '<div id="instance">' in await piece(events, "This instance was removed")


async def test_a_change_of_name_is_seen_by_other_pages(browser: Browser, runtime: Runtime, caixa: Instance):
    async with browser.live(live_path(await browser.get(path(caixa)))) as events:
        answer = await browser.post(path(caixa, "settings"), HTMX, name="caixa-2")
        assert answer.text == "Saved."
        assert "<bdi>caixa-2</bdi>" in await piece(events, 'id="instance-head"')
    assert (await row(runtime, "caixa-2")).id == caixa.id


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"name": "loja"}, 409, "Já existe uma instância com esse nome."),
        ({"name": "Caixa Dois"}, 422, "Letras minúsculas"),
        ({"webhook_url": "ftp://x"}, 422, "começa com https:// ou http://"),
        ({"webhook_url": "http://10.0.0.1/x"}, 422, "um endereço que não é público"),
        ({"owner_id": "eu"}, 422, "O dono é um UUID."),
    ],
)
async def test_what_is_wrong_in_the_settings_is_said_beside_the_field_and_changes_nothing(
    browser: Browser, runtime: Runtime, caixa: Instance, form: dict[str, str], status: int, said: str
):
    answer = await browser.post(path(caixa, "settings"), PT, **form)
    assert answer.status == status
    assert said in answer.text
    assert "hx-retarget" not in answer.headers
    now = await row(runtime, "caixa")
    assert (now.webhook_url, now.owner_id) == (None, None)


async def test_its_webhook_address_stands_among_its_webhooks(browser: Browser, caixa: Instance):
    url = "http://127.0.0.9:9/hook?token=secret"
    async with browser.live(live_path(await browser.get(path(caixa)))) as events:
        assert (await browser.post(path(caixa, "settings"), HTMX, webhook_url=url)).status == 200
        hooks = await piece(events, 'id="hooks"', "http://127.0.0.9:9/hook")
    assert "webhook address of this instance" in hooks
    assert "token=secret" not in hooks
    assert "all instances" in hooks
    assert (await browser.post(path(caixa, "settings"), HTMX, webhook_url="")).status == 200
    assert "webhook address of this instance" not in (await browser.get(path(caixa))).text


async def test_what_waits_is_shown_and_can_be_cancelled(browser: Browser, runtime: Runtime, caixa: Instance):
    stopped = await runtime.services.instances.stop(caixa)
    stopped = await stands(runtime, "caixa", "stopped")
    accepted = await runtime.services.outgoing.accept(stopped, to="5511988887777", text="Até já <b>\n!")
    seen = await browser.get(path(caixa))
    assert "It is not connected: what waits goes as soon as it is. 1 message waits" in seen.text
    assert "Até já <b> ! Cancel" in seen.text
    assert "<b>" not in seen.html.replace("<b>Recado</b>", "")
    cancel = path(caixa, "queue", str(accepted.message.id), "cancel")
    async with browser.live(live_path(seen)) as events:
        assert "Nothing waits." in (await browser.post(cancel, HTMX)).text
        assert "Nothing waits." in await piece(events, 'id="queue"')
    again = await browser.post(cancel, PT)
    assert (again.status, "Cancel" in again.text) in {(200, False), (409, False)}


async def test_the_history_of_the_phone_is_told_as_it_comes(browser: Browser, engine: FakeEngine, caixa: Instance):
    async with browser.live(live_path(await browser.get(path(caixa)))) as events:
        engine.offer_history(str(caixa.id), HistoryBatch(session=str(caixa.id), id=""))
        assert "History of the phone" in await piece(events, 'id="session"')


async def test_older_steps_come_on_demand(browser: Browser, caixa: Instance, monkeypatch):
    monkeypatch.setattr(instance_parts.steps, "__kwdefaults__", {"after": None, "limit": 1})
    seen = await browser.get(path(caixa))
    assert "Connected." in seen.text
    assert "The instance was created." not in seen.text
    address = seen.html.partition('id="steps-older"')[2].partition('hx-get="')[2].partition('"')[0]
    older = await browser.part(address)
    assert "The instance was created." in older.text
    assert "steps-older" not in older.html


async def test_a_key_that_may_only_look_sees_no_buttons_no_texts_and_no_webhooks(
    stranger: Browser, runtime: Runtime, house: House, caixa: Instance
):
    await stranger.sign_in((await house.door.new_key("instances:read")).key or "")
    seen = await stranger.get(path(caixa))
    content = seen.html.partition('id="content"')[2]
    assert "Connected Messages come and go." in seen.text
    assert "<form" not in content
    assert "<dialog" not in content
    assert "Webhooks" not in seen.text
    acts = ("start", "stop", "restart", "logout", "remove", "settings")
    assert {(await stranger.post(path(caixa, act), typed="caixa", name="x")).status for act in acts} == {403}
    assert (await row(runtime, "caixa")).state == "connected"


async def test_a_key_of_another_instance_finds_nothing(stranger: Browser, house: House, caixa: Instance):
    filial = (await house.door.get("/v1/instances/filial")).body["id"]
    bound = await house.door.new_key("instances:read", "instances:write", instance_id=filial)
    await stranger.sign_in(bound.key or "")
    assert (await stranger.get(path(caixa))).status == 404
    assert (await stranger.post(path(caixa, "stop"))).status == 404
