"""Names and texts that were made to hurt: they are shown as they are, run nothing and break nothing."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.ui.eyes import overflow
from tests.ui.hands import bubbles
from tests.ui.scenes import HOSTILE_NAMES, HOSTILE_TEXTS
from tests.ui.stage import Stage
from tests.ui.visits import NARROW, WIDE, Visits

pytestmark = pytest.mark.engine

FOREIGN = "script:not([src^='/static/']), iframe, object, embed, [onerror], [onload], [onclick], [onmouseover]"


async def assert_tame(page: Page) -> None:
    assert await page.locator(FOREIGN).count() == 0
    bad = "(all) => all.filter((a) => !['http:', 'https:', 'mailto:', 'tel:'].includes(a.protocol)).map((a) => a.href)"
    assert await page.locator("a[href]").evaluate_all(bad) == []
    assert await overflow(page) == []


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_hostile_names_and_texts_run_nothing_and_stay_in_their_place(town: Stage, visit: Visits, size):
    visit.expect("status of 404 .*thumbnail")  # one is no picture but a page with a script
    page = await visit(town.site, "/chats", size=size)
    listed = page.locator("#chats").get_by_role("link").filter(has_text="<script>alert('name')</script>")
    await expect(listed.first).to_be_visible()
    await assert_tame(page)
    await page.goto(f"/chats/{town.hostile_chat}")
    shown = bubbles(page)
    await expect(shown.filter(has_text="<script>alert('text')</script>").first).to_be_attached()
    await assert_tame(page)
    texts = await shown.locator(".text").all_inner_texts()
    for text in (one for one in HOSTILE_TEXTS if one == one.strip()):
        assert any(text.strip()[:60] in one for one in texts), text[:60]
    assert max(map(len, texts)) < 20_000
    assert await page.title() == "Conversations · Recado" or HOSTILE_NAMES[0] in await page.title()
    await page.locator("#thread").get_by_role("button", name="Show all").first.click()
    await assert_tame(page)


async def test_a_hostile_search_finds_and_runs_nothing(town: Stage, visit: Visits):
    page = await visit(town.site, "/chats")
    await page.get_by_role("searchbox").fill("<img src=x onerror=alert(1)> alert")
    await expect(page.locator("#listing.found")).to_be_visible()
    await assert_tame(page)
    await page.goto("/instances?search=%3Cscript%3Ealert(1)%3C/script%3E")
    await assert_tame(page)
