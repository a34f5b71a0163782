"""The list of the webhooks and a new one: failing ones first and why, the secret once, refusals beside the form."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest

from recado.domain.access import EVERYTHING
from recado.domain.events import EVENT_TYPES
from recado.domain.webhooks import event_types
from recado.runtime import Runtime
from recado.web.event_families import FAMILIES, family_of
from recado.web.words import ALL
from tests.web.browser import Browser
from tests.web.cost import cost_at
from tests.web.hooks import HTMX, NOBODY, PT, give_up, hooks_in, made, park, post, said, tried
from tests.web.test_instances import piece

SECRET = re.compile(r"whsec_[\w+/=]{40,}")


async def test_those_that_need_somebody_come_first_and_say_why(runtime: Runtime, browser: Browser):
    fine, parked, down = [await made(runtime, path) for path in ("/fine", "/parked", "/down")]
    await tried(runtime, fine)
    await park(runtime, parked, 1, "dead")
    await give_up(runtime, down)
    await tried(runtime, down, status=503, error="the receiver answered 503")

    page = await browser.get("/webhooks", Accept_Language="pt-BR")

    mine = [one.id for one in (down, parked, fine)]
    assert [one for one in hooks_in(page.html) if one in mine] == mine
    assert "Pausado: o receptor ficou três dias fora do ar" in page.text
    assert "o receptor respondeu 503" in page.text
    assert "1 abandonada" in page.text
    assert "Últimas entregas: 1 de 1 chegaram" in page.html


async def test_a_new_webhook_shows_its_secret_once_and_how_to_check(runtime: Runtime, browser: Browser):
    form = {
        "url": f"{NOBODY}/new/{uuid4()}",
        "which": "some",
        "families": "message",
        "headers": "Authorization: Bearer x:y",
    }
    answer = await post(browser, "/webhooks", **form)

    [secret] = set(SECRET.findall(answer.html))
    assert "HMAC-SHA256" in answer.text
    assert answer.headers["hx-retarget"] == "#new-webhook"
    [webhook] = [one for one in await runtime.services.webhooks.list(EVERYTHING) if one.url == form["url"]]
    assert (webhook.events, webhook.headers) == (["message.*"], {"Authorization": "Bearer x:y"})
    assert secret not in (await browser.get("/webhooks")).html
    assert secret not in (await browser.get(f"/webhooks/{webhook.id}")).html


async def test_a_form_that_is_sent_twice_makes_one(runtime: Runtime, browser: Browser):
    form = {"url": f"{NOBODY}/twice/{uuid4()}", "which": "all", "once": str(uuid4())}
    assert [(await post(browser, "/webhooks", **form)).status for _ in range(2)] == [200, 409]
    assert [one.url for one in await runtime.services.webhooks.list(EVERYTHING)].count(form["url"]) == 1


@pytest.mark.parametrize(
    ("form", "said", "field"),
    [
        ({"url": "ftp://x"}, "começa com https:// ou http://", "url"),
        ({"url": ""}, "começa com https:// ou http://", "url"),
        ({"url": "http://127.0.0.1/hook"}, "RECADO_ALLOW_PRIVATE_WEBHOOKS=127.0.0.1", "url"),
        ({"url": "http://no-such-name.invalid/"}, "O nome no-such-name.invalid não foi encontrado", "url"),
        ({"which": "some"}, "Escolha pelo menos um tipo de evento.", "events"),
        ({"which": "some", "types": "nada.*"}, "Este tipo de evento não existe.", "events"),
        ({"headers": "Host: x"}, "O cabeçalho Host é definido pelo Recado.", "headers"),
        ({"headers": "Connection: x"}, "O cabeçalho Connection pertence à conexão", "headers"),
        ({"headers": "nada"}, "“nada” não é um cabeçalho", "headers"),
        ({"headers": "a b: x"}, "“a b” não é nome de cabeçalho.", "headers"),
        ({"headers": "X-A: 1\nx-a: 2"}, "O mesmo cabeçalho aparece duas vezes", "headers"),
        ({"headers": "X-A: ☃"}, "O valor de X-A não pode ser enviado", "headers"),
        ({"instance": str(uuid4())}, "Esta instância não existe", ""),
    ],
)
async def test_what_is_refused_is_said_beside_its_field_and_what_was_typed_stays(
    runtime: Runtime, browser: Browser, form: dict[str, Any], said: str, field: str
):
    before = len(await runtime.services.webhooks.list(EVERYTHING))
    typed = {"url": f"{NOBODY}/typed", "which": "all"} | form
    answer = await post(browser, "/webhooks", PT, **typed)

    assert answer.status in (404, 422)
    assert said in answer.text
    assert f'id="wrong-{field}"' in answer.html or not field
    assert f'value="{typed["url"]}"' in answer.html
    assert len(await runtime.services.webhooks.list(EVERYTHING)) == before


async def test_what_is_typed_is_never_markup(browser: Browser):
    answer = await post(browser, "/webhooks", url='"><script>alert(1)</script>', headers="<b>: </textarea>")
    assert answer.status == 422
    assert "<script>alert" not in answer.html
    assert answer.html.count("</textarea>") == 1


async def test_a_key_of_one_instance_sees_and_makes_only_its_own(runtime: Runtime, stranger: Browser):
    own = await runtime.services.instances.create(f"hooks-{uuid4()}", start=False)
    mine, other = await made(runtime, "/mine", instance_id=own.id), await made(runtime, "/other")
    _, secret = await runtime.services.keys.create("hooks", ["webhooks"], instance_id=own.id, by=EVERYTHING)
    await stranger.sign_in(secret)

    assert hooks_in((await stranger.get("/webhooks")).html) == [mine.id]
    for path in ("", "/test", "/state", "/secret", "/replay", "/replay/1", "/remove"):
        method = "GET" if path == "" else "POST"
        headers = HTMX | {"Origin": stranger.address}
        assert (await stranger.ask(method, f"/webhooks/{other.id}{path}", headers=headers)).status == 404, path
    await post(stranger, "/webhooks", url=f"{NOBODY}/bound", which="all")
    bound = {one.instance_id for one in await runtime.services.webhooks.list(EVERYTHING) if one.url.endswith("/bound")}
    assert own.id in bound
    assert None not in bound


async def test_the_list_is_live(runtime: Runtime, browser: Browser):
    webhook = await made(runtime, path := f"/live/{uuid4()}")
    async with browser.live(f"/webhooks/live?after=0&search={path}") as pieces:
        assert "Paused" not in await piece(pieces, str(webhook.id))
        await give_up(runtime, webhook)
        assert await piece(pieces, str(webhook.id), "Paused: its receiver was down for three days")


async def test_a_search_finds_by_address(runtime: Runtime, browser: Browser):
    token = uuid4().hex
    webhook = await made(runtime, f"/Find/{token}")
    assert hooks_in((await browser.get(f"/webhooks?search=fIND/{token.upper()}")).html) == [webhook.id]
    assert "No webhook with this address" in (await browser.get("/webhooks?search=%25")).text


def test_every_type_has_a_name():
    assert [type for type in EVENT_TYPES if f"events.type.{type}" not in ALL] == []


def test_every_type_is_of_one_family():
    chosen = [event_types(wishes) or frozenset() for wishes in FAMILIES.values()]
    assert sorted(type for types in chosen for type in types) == sorted(EVENT_TYPES)
    assert all(type in (event_types(FAMILIES[family_of(type)]) or ()) for type in EVENT_TYPES)


async def test_the_list_costs_the_same_with_many(runtime: Runtime, browser: Browser, monkeypatch: pytest.MonkeyPatch):
    await said(
        runtime,
        """
        WITH made AS (
          INSERT INTO recado.webhooks (id, url, secret, state, events)
          SELECT gen_random_uuid(), 'http://127.0.0.9/many/' || n, 'x', 'paused', '{webhook.test}'
          FROM generate_series(1, 300) n RETURNING id)
        INSERT INTO recado.webhook_cursors (webhook_id, position) SELECT id, 0 FROM made
        """,
    )
    cost = await cost_at(runtime, browser, "/webhooks?search=/many/", monkeypatch)
    assert len(cost.statements) <= 6, cost.statements
    assert cost.rows <= 70
    first = await browser.get("/webhooks?search=/many/")
    [after] = re.findall(r"after=(\d\.[0-9a-f-]{36})", first.html)
    second = await browser.get(f"/webhooks?search=/many/&after={after}")
    assert len(hooks_in(first.html)) == len(hooks_in(second.html)) == 50
    assert not set(hooks_in(first.html)) & set(hooks_in(second.html))
