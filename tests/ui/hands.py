"""What somebody does at the pages, in the words that stand there (English)."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from recado_simulator import ScanRefused
from tests.ui.eyes import qr_on
from tests.ui.network import Phone


async def stands(page: Page, title: str) -> None:
    """The page with that title has come, and its scripts have run: from now on its buttons do what they say."""
    await expect(page).to_have_title(f"{title} · Recado")
    await page.wait_for_load_state()


async def scan(phone: Phone, page: Page, *, other_than: str = "") -> None:
    """Hold the phone to the screen; to the next code when the one that it saw was over meanwhile."""
    seen = await qr_on(page, other_than=other_than)
    while True:
        try:
            return await phone.scan(seen)
        except ScanRefused as refused:
            if str(refused) != "expired ref":
                raise
        seen = await qr_on(page, other_than=seen)


def rows(page: Page) -> Locator:
    """The chats of the list, as they are from top to bottom."""
    return page.locator("#chats > .row")


def row(page: Page, name: str) -> Locator:
    """The chat with that name in the list."""
    return rows(page).filter(has=page.locator(".row-name", has_text=name))


async def open_chat(page: Page, name: str) -> None:
    """Pick the conversation with that name in the list."""
    await row(page, name).get_by_role("link").click()
    await expect(page.get_by_role("region", name=f"Messages with {name}")).to_be_visible()


def bubbles(page: Page) -> Locator:
    return page.locator("#thread > .line")


def bubble(page: Page, text: str) -> Locator:
    return bubbles(page).filter(has_text=text)


def composer(page: Page) -> Locator:
    """Where a message is written."""
    return page.locator("#composer").get_by_role("textbox")


async def send(page: Page, text: str) -> None:
    await composer(page).fill(text)
    await page.locator("#composer").get_by_role("button", name="Send").click()
