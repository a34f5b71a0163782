"""What all pages share: headers, languages, appearance, assets."""

from __future__ import annotations

import pytest

from recado.web.drawing import assets
from tests.web.browser import Browser


async def test_nothing_is_loaded_from_elsewhere_and_nothing_is_kept(stranger: Browser):
    headers = (await stranger.get("/sign-in")).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("said", "title"), [("pt-BR,pt;q=0.9", "Entrar"), ("de, en;q=0.5", "Sign in"), ("", "Sign in")]
)
async def test_a_page_speaks_the_browsers_language(stranger: Browser, said: str, title: str):
    assert f"<title>{title}" in (await stranger.get("/sign-in", Accept_Language=said)).html


async def test_language_and_appearance_can_be_chosen(stranger: Browser):
    back = await stranger.post("/preferences", {"Referer": f"{stranger.address}/sign-in?next=/keys"}, language="pt")
    assert back.leads_to == "/sign-in?next=/keys"
    await stranger.post("/preferences", theme="dark")
    html = (await stranger.get("/sign-in", Accept_Language="en")).html
    assert '<html lang="pt-BR" data-theme="dark"' in html


@pytest.mark.parametrize(
    "cookie", ["recado_lang=xx; recado_theme=pink; recado_tz=Mars/Base", "recado_tz=../../etc/passwd"]
)
async def test_a_cookie_with_nonsense_changes_nothing(stranger: Browser, cookie: str):
    html = (await stranger.get("/sign-in", Cookie=cookie)).html
    assert '<html lang="en" data-theme="auto" data-zone="UTC"' in html


async def test_a_file_is_kept_for_ever_under_its_hash(stranger: Browser):
    answer = await stranger.get(assets().path("recado.css"))
    assert "immutable" in answer.headers["cache-control"]
    assert (await stranger.get("/static/0123456789ab/recado.css")).headers["cache-control"] == "no-store"
    assert (await stranger.get("/static/0123456789ab/..%2fpage.py")).status == 404


async def test_an_address_that_is_nobodys_is_a_page_for_people_and_a_problem_for_programs(stranger: Browser):
    page = await stranger.get("/no/such/page", Accept="text/html,*/*;q=0.8", Accept_Language="pt-BR")
    assert (page.status, "Esta página não existe." in page.text) == (404, True)
    answer = await stranger.get("/no/such/page", Accept="*/*")
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
    assert (await stranger.ask("POST", "/no/such/page", headers={"Accept": "text/html"})).status == 404
