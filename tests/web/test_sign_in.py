"""The way in and the way out, and what nobody gets without it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from fastapi.routing import APIRoute

from recado.domain.access import EVERYTHING
from recado.runtime import Runtime
from recado.web.route import PageRoute
from tests.api.conftest import ADMIN_KEY
from tests.web.browser import Browser

OPEN = {"/sign-in", "/link", "/sign-out", "/sign-in/link", "/preferences", "/static/{version}/{name}"}
"""The routes of the pages that need nobody to be signed in."""


def pages() -> list[tuple[str, str]]:
    """Method and path of every other one."""
    from recado.web import site

    found = [route for router in site.ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    assert all(isinstance(route, PageRoute) for route in found), "a route of the pages is not guarded"
    return [(method, route.path) for route in found for method in route.methods if route.path not in OPEN]


async def test_a_key_signs_in_and_leads_to_the_page_that_was_asked_for(stranger: Browser):
    asked = await stranger.get("/instances?search=lo")
    assert (asked.status, asked.leads_to) == (303, "/sign-in?next=/instances%3Fsearch%3Dlo")

    came_in = await stranger.post("/sign-in", key=f" {ADMIN_KEY} ", next="/instances?search=lo")

    assert (came_in.status, came_in.leads_to) == (303, "/instances?search=lo")
    assert (await stranger.get("/instances")).status == 200


@pytest.mark.parametrize("path", [path for method, path in pages() if method == "GET" and path.endswith("/live")])
async def test_a_live_stream_of_somebody_who_is_signed_out_is_refused_and_leads_nowhere(stranger: Browser, path: str):
    filled = path.replace("{id}", str(uuid4())).replace("{webhook_id}", str(uuid4()))
    asked = await stranger.get(f"{filled}?after=0", Accept="text/event-stream")
    assert (asked.status, asked.leads_to) == (401, "")


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: Browser):
    set_cookie = (await stranger.sign_in(ADMIN_KEY)).headers["set-cookie"].lower()
    assert "httponly" in set_cookie
    assert "samesite=lax" in set_cookie
    assert "secure" not in set_cookie
    encrypted = await stranger.post("/sign-in", {"X-Forwarded-Proto": "https"}, key=ADMIN_KEY)
    assert "secure" in encrypted.headers["set-cookie"].lower()


@pytest.mark.parametrize("key", ["", "rcd_wrong", "x" * 5000, "\x00"])
async def test_a_wrong_key_is_refused_in_a_sentence(stranger: Browser, key: str):
    answer = await stranger.sign_in(key)
    assert answer.status == 401
    assert "This key is not known." in answer.text
    assert stranger.cookies == {}


async def test_a_link_signs_in_once(runtime: Runtime, stranger: Browser):
    secret, _ = await runtime.services.sign_ins.link()

    first = await stranger.get(f"/link?secret={secret}")
    again = await stranger.get(f"/link?secret={secret}")

    assert (first.status, first.leads_to) == (303, "/")
    assert again.status == 401
    assert "recado open" in again.text


async def test_a_browser_that_looks_ahead_does_not_use_the_link_up(runtime: Runtime, stranger: Browser):
    secret, _ = await runtime.services.sign_ins.link()
    await stranger.get(f"/link?secret={secret}", Sec_Purpose="prefetch")
    assert (await stranger.get(f"/link?secret={secret}")).status == 303


async def test_a_link_is_made_only_for_the_owner_of_the_machine(browser: Browser):
    assert (await browser.get("/sign-in/link")).status == 404


async def test_who_signs_out_is_out(browser: Browser):
    token = browser.cookies["recado_session"]
    assert (await browser.post("/sign-out")).leads_to == "/sign-in"
    assert browser.cookies == {}
    answer = await browser.get("/instances", Cookie=f"recado_session={token}")
    assert answer.leads_to.startswith("/sign-in")


async def test_whoever_came_in_with_a_key_goes_with_it(runtime: Runtime, stranger: Browser):
    key, secret = await runtime.services.keys.create("front desk", ["admin"], by=EVERYTHING)
    await stranger.sign_in(secret)
    assert (await stranger.get("/instances")).status == 200

    await runtime.services.keys.revoke(key.id, EVERYTHING)

    assert (await stranger.get("/instances")).leads_to.startswith("/sign-in")


@pytest.mark.parametrize(("method", "path"), pages())
async def test_nothing_else_is_shown_to_a_stranger(stranger: Browser, method: str, path: str):
    answer = await stranger.ask(method, path.replace("{", "").replace("}", ""), headers={"Origin": stranger.address})
    assert answer.status in (303, 401), answer.text
    assert answer.status == 401 or answer.leads_to.startswith("/sign-in")


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
    ids=["nothing said", "another site", "a sandbox", "the browser says so"],
)
async def test_a_form_of_another_site_does_nothing(browser: Browser, headers: dict[str, str]):
    answer = await browser.ask("POST", "/instances", headers=headers, data={"name": "loja"})
    assert answer.status == 403
    assert "another site" in answer.text


@pytest.mark.parametrize("target", ["https://evil.example/x", "//evil.example", "/\\evil.example", "evil", ""])
async def test_signing_in_leads_to_no_other_site(stranger: Browser, target: str):
    came_in = await stranger.post("/sign-in", key=ADMIN_KEY, next=target)
    assert came_in.leads_to in ("/", "/x")


async def test_a_form_sent_after_the_session_has_ended_says_so_and_leaves_the_page_as_it_is(browser: Browser):
    await browser.post("/sign-out")
    answer = await browser.post("/instances", {"HX-Request": "true"}, name="loja")
    assert answer.status == 401
    assert answer.headers["hx-retarget"] == "#notices"
    assert "What you wrote is kept." in answer.text
