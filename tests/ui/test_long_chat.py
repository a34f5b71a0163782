"""A chat of 50,000 messages: the page keeps few of them, and every place in it can be reached."""

from __future__ import annotations

from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from tests.ui.hands import bubble, bubbles
from tests.ui.stage import Stage
from tests.ui.visits import Visits

pytestmark = pytest.mark.engine

MOST = 600
UP, DOWN = -1_000_000, 1_000_000


async def scroll(page: Page, by: int) -> None:
    await page.locator(".scroller").evaluate("(box, by) => box.scrollBy(0, by)", by)


async def oldest(page: Page) -> int:
    """The number of the oldest message that the page keeps."""
    text = await bubbles(page).first.locator(".text").inner_text()
    return int(text.split()[1])


async def scroll_back(page: Page, windows: int) -> None:
    """Scroll to the top again and again; each time older messages have to come."""
    for _ in range(windows):
        before = await oldest(page)
        await scroll(page, UP)
        await page.wait_for_function(
            "(before) => +document.querySelector('#thread > .line .text').textContent.split(' ')[1] < before",
            arg=before,
        )
        assert await bubbles(page).count() <= MOST


async def test_scrolling_back_keeps_the_page_small(town: Stage, visit: Visits, endless_chat: UUID):
    page = await visit(town.site, f"/chats/{endless_chat}")
    await expect(bubble(page, "Mensagem 50000")).to_be_in_viewport()
    await scroll_back(page, 12)
    assert await bubbles(page).count() <= MOST
    assert await oldest(page) < 49_600
    await page.get_by_role("button", name="Go to the newest message").click()
    await expect(bubble(page, "Mensagem 50000")).to_be_in_viewport()
    assert await bubbles(page).count() <= MOST


async def test_the_first_message_is_one_click_away_and_from_there_it_goes_on(
    town: Stage, visit: Visits, endless_chat: UUID
):
    page = await visit(town.site, f"/chats/{endless_chat}")
    await page.get_by_role("button", name="Go to the first message").click()
    first = bubbles(page).first.locator(".text")
    await expect(first).to_have_text("Mensagem 1")
    await expect(first).to_be_in_viewport()
    before = await bubbles(page).count()
    await scroll(page, DOWN)
    await page.wait_for_function("(n) => document.querySelectorAll('#thread > .line').length > n", arg=before)
    assert await bubbles(page).count() <= MOST


async def test_a_message_far_back_is_found_and_shown_among_its_neighbours(
    town: Stage, visit: Visits, endless_chat: UUID
):
    page = await visit(town.site, f"/chats/{endless_chat}")
    await page.get_by_role("button", name="Search in this conversation").click()
    search = page.get_by_role("searchbox")
    await expect(search).to_be_focused()
    await search.fill('"Mensagem 12345"')
    await page.locator("#listing.found").get_by_role("link").filter(has_text="12345").first.click()
    await expect(bubble(page, "Mensagem 12345")).to_be_in_viewport()
    await expect(bubble(page, "Mensagem 12346")).to_have_count(1)
