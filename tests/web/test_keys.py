"""The page of the keys: what each may do, a secret shown once, what is wrong said beside the form, revoking."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from recado.domain.access import EVERYTHING, SCOPES
from recado.runtime import Runtime
from tests.web.browser import Browser
from tests.web.cost import cost_at
from tests.web.hooks import said

SECRET = re.compile(r"rcd_[\w-]{43}")
HTMX = {"HX-Request": "true"}


async def ids_of(runtime: Runtime) -> dict[str, str]:
    return {key.name: str(key.id) for key in await runtime.services.keys.list(EVERYTHING)}


async def test_each_key_says_in_words_what_it_may_do(runtime: Runtime, browser: Browser):
    await runtime.services.keys.create("words", ["events", "messages:read"], by=EVERYTHING)
    english = (await browser.get("/keys")).text
    portuguese = (await browser.get("/keys", Accept_Language="pt-BR")).text
    assert "words Events Read messages All instances Never used Expires: never" in english
    assert "words Eventos Ler mensagens Todas as instâncias Nunca usada Expira: nunca" in portuguese
    assert "You are signed in with this one" in english
    assert "messages:read" not in english


async def test_every_scope_can_be_chosen_with_its_meaning(browser: Browser):
    html = (await browser.get("/keys")).html
    for scope in SCOPES:
        assert f'name="scopes" value="{scope}"' in html


async def test_a_new_key_is_shown_once_and_works(runtime: Runtime, browser: Browser):
    name = f"painel {uuid4()}"
    made = await browser.post("/keys", HTMX, name=name, scopes="events", expires="30", once=str(uuid4()))

    [secret] = set(SECRET.findall(made.html))
    assert made.headers["hx-retarget"] == "#new-key"
    access = await runtime.services.keys.authenticate(secret)
    assert access.scopes == {"events"}
    page = await browser.get("/keys")
    assert secret not in page.html
    assert name in page.text
    [key] = [key for key in await runtime.services.keys.list(EVERYTHING) if key.name == name]
    assert key.expires_at is not None
    assert timedelta(days=29) < key.expires_at - key.created_at <= timedelta(days=30)


async def test_a_form_that_is_sent_twice_makes_one_key(runtime: Runtime, browser: Browser):
    once = str(uuid4())
    form = {"name": f"double {once}", "scopes": "events", "once": once}
    first, again = [await browser.post("/keys", HTMX, **form) for _ in range(2)]
    assert (first.status, again.status) == (200, 409)
    assert "had been sent already" in again.text
    assert [key.name for key in await runtime.services.keys.list(EVERYTHING)].count(form["name"]) == 1


@pytest.mark.parametrize(
    ("form", "said", "field"),
    [
        ({"name": " "}, "O nome de uma chave tem de 1 a 100 caracteres.", "name"),
        ({"name": "caixa"}, "Uma chave precisa de pelo menos uma permissão.", "scopes"),
        ({"name": "caixa", "scopes": "nada"}, "Uma chave precisa de pelo menos uma permissão.", "scopes"),
        (
            {"name": "caixa", "scopes": "events", "expires": "date"},
            "Escolha o dia em que a chave termina.",
            "expires_at",
        ),
        ({"name": "caixa", "scopes": "events", "expires": "date", "until": "2001-01-01"}, "já", "expires_at"),
        ({"name": "caixa", "scopes": "events", "instance": "x"}, "Esta instância não existe", "instance"),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(
    browser: Browser, form: dict[str, str], said: str, field: str
):
    answer = await browser.post("/keys", HTMX | {"Accept-Language": "pt-BR"}, **form, once=str(uuid4()))
    assert answer.status == 422
    assert said.replace("já", "A chave teria expirado antes de começar.") in answer.text
    assert f'id="wrong-{field}"' in answer.html
    assert 'aria-invalid="true"' in answer.html
    assert f'value="{form["name"]}"' in answer.html
    assert 'value="events" checked' in answer.html or form.get("scopes") != "events"


async def test_a_form_that_was_wrong_can_be_sent_again(browser: Browser):
    once = str(uuid4())
    assert (await browser.post("/keys", HTMX, name="", scopes="events", once=once)).status == 422
    assert (await browser.post("/keys", HTMX, name="mended", scopes="events", once=once)).status == 200


async def test_a_key_is_revoked_after_it_was_asked_about(runtime: Runtime, browser: Browser):
    key, _ = await runtime.services.keys.create("old", ["events"], by=EVERYTHING)
    asked = await browser.part(f"/keys/{key.id}/revoke")
    assert "Revoke “old”?" in asked.text
    assert "signed out" not in asked.text

    assert (await browser.post(f"/keys/{key.id}/revoke")).leads_to == "/keys"
    assert str(key.id) not in await ids_of(runtime)
    again = await browser.post(f"/keys/{key.id}/revoke", HTMX)
    assert again.status == 404
    assert "There is no such key (any more)." in again.text


async def test_whoever_revokes_their_own_key_is_told_and_signed_out(runtime: Runtime, stranger: Browser):
    key, secret = await runtime.services.keys.create("mine", ["admin"], by=EVERYTHING)
    await stranger.sign_in(secret)

    assert "you will be signed out" in (await stranger.part(f"/keys/{key.id}/revoke")).text
    assert (await stranger.post(f"/keys/{key.id}/revoke")).leads_to == "/sign-in"
    assert (await stranger.get("/keys")).leads_to.startswith("/sign-in")


async def test_a_key_of_one_instance_sees_only_its_own(runtime: Runtime, stranger: Browser):
    [filial] = (await runtime.services.instances.list(EVERYTHING, search="filial")).items
    _, secret = await runtime.services.keys.create("bound", ["admin"], instance_id=filial.id, by=EVERYTHING)
    others = await ids_of(runtime)
    await stranger.sign_in(secret)

    page = await stranger.get("/keys")
    assert "bound" in page.text
    assert f"key-{others['n8n']}" not in page.html
    assert 'name="instance"' not in page.html
    made = await stranger.post("/keys", HTMX, name="child", scopes="events", once=str(uuid4()))
    [child] = set(SECRET.findall(made.html))
    assert (await runtime.services.keys.authenticate(child)).instance_id == filial.id
    assert (await stranger.post(f"/keys/{others['n8n']}/revoke", HTMX)).status == 404


async def test_a_key_without_the_scope_is_refused(runtime: Runtime, stranger: Browser):
    _, secret = await runtime.services.keys.create("reader", ["messages:read"], by=EVERYTHING)
    await stranger.sign_in(secret)
    answer = await stranger.get("/keys")
    assert answer.status == 403
    assert "Your key does not allow this." in answer.text


@pytest_asyncio.fixture(loop_scope="module")
async def many(runtime: Runtime) -> AsyncIterator[None]:
    """More keys than a page shows, which are gone again when others look for theirs."""
    for n in range(101):
        await runtime.services.keys.create(f"many {n}", ["events"], by=EVERYTHING)
    yield
    await said(runtime, "DELETE FROM recado.api_keys WHERE name LIKE 'many %%'")


@pytest.mark.usefixtures("many")
async def test_the_page_asks_the_database_little_and_shows_a_hundred(
    runtime: Runtime, browser: Browser, monkeypatch: pytest.MonkeyPatch
):
    cost = await cost_at(runtime, browser, "/keys", monkeypatch)
    assert len(cost.statements) <= 5, cost.statements
    assert cost.rows <= 120
    assert "/keys?after=" in (await browser.get("/keys")).html
