"""Stories of the way in: with a link that works once, with a key, and what is said when neither is good."""

from __future__ import annotations

import psycopg
import pytest
from playwright.async_api import Page, expect

from tests.ui.stage import Stage
from tests.ui.visits import Visits

pytestmark = pytest.mark.engine

REFUSED = "status of 401"


def menu(page: Page):
    return page.get_by_role("navigation", name="Main menu")


async def give_key(page: Page, key: str) -> None:
    await page.get_by_label("Key", exact=True).fill(key)
    await page.get_by_role("button", name="Sign in").click()


async def test_a_link_signs_in_once(town: Stage, visit: Visits):
    visit.expect(REFUSED)
    link = await town.site.link()
    page = await visit(town.site, link, is_signed_in=False)
    await expect(menu(page)).to_be_visible()
    other = await visit(town.site, link, is_signed_in=False)
    await expect(other.get_by_role("alert")).to_contain_text("used already")
    await expect(other.get_by_role("alert")).to_contain_text("recado open")


async def test_a_link_ends_after_its_time(town: Stage, visit: Visits, shared_database_url: str):
    visit.expect(REFUSED)
    link = await town.site.link()
    with psycopg.connect(shared_database_url) as connection:
        connection.execute("UPDATE recado.web_links SET expires_at = now()")
    page = await visit(town.site, link, is_signed_in=False)
    await expect(page.get_by_role("alert")).to_contain_text("15 minutes")


async def test_a_key_signs_in_and_leads_to_the_page_that_was_asked_for(town: Stage, visit: Visits):
    made = await town.site.product.call("POST", "/v1/keys", {"name": "door", "scopes": ["admin"]})
    page = await visit(town.site, "/instances?search=filial", is_signed_in=False)
    await expect(page).to_have_title("Sign in · Recado")
    await give_key(page, f" {made['secret']} ")
    await expect(page).to_have_url(f"{town.site.origin}/instances?search=filial")
    [cookie] = [one for one in await page.context.cookies() if one["name"] == "recado_session"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")


async def test_a_key_that_is_not_known_is_refused_in_words(town: Stage, visit: Visits):
    visit.expect(REFUSED)
    page = await visit(town.site, "/sign-in", is_signed_in=False)
    await give_key(page, "rcd_" + "A" * 43)
    await expect(page.get_by_role("alert")).to_contain_text("not known")


async def test_who_signs_out_has_to_sign_in_again(town: Stage, visit: Visits):
    page = await visit(town.site, "/instances")
    await page.locator("summary", has_text="More").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page).to_have_title("Sign in · Recado")
    await page.goto("/instances")
    await expect(page).to_have_title("Sign in · Recado")


async def test_the_language_is_the_browsers_until_another_is_chosen(town: Stage, visit: Visits):
    page = await visit(town.site, "/sign-in", language="pt-BR", is_signed_in=False)
    await expect(page.get_by_role("button", name="Entrar")).to_be_visible()
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()


async def test_the_appearance_is_the_systems_until_another_is_chosen(town: Stage, visit: Visits):
    page = await visit(town.site, "/sign-in", is_dark=True, is_signed_in=False)
    shade = "() => getComputedStyle(document.documentElement).backgroundColor.match(/[0-9.]+/g).slice(0, 3).map(Number)"
    dark = await page.evaluate(shade)
    await page.get_by_role("button", name="Light").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")
    assert sum(dark) < 200 < 600 < sum(await page.evaluate(shade))
