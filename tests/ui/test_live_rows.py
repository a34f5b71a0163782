"""A row that changes under the pointer, or while the keyboard is on it, is still the row that is opened."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.ui.desk import Desk
from tests.ui.hands import bubble, row
from tests.ui.visits import Visits

pytestmark = pytest.mark.engine

NOTES_WHAT_COMES = """
const listen = EventSource.prototype.addEventListener
EventSource.prototype.addEventListener = function (kind, hear) {
  listen.call(this, kind, (event) => (hear(event), (window.heard ??= []).push(event.data)))
}
"""


async def heard(page: Page, text: str) -> None:
    """The page has been told of it, whatever it has made of that."""
    await page.wait_for_function("(text) => (window.heard ?? []).some((data) => data?.includes(text))", arg=text)


async def test_a_row_that_would_change_and_move_while_it_is_pressed_is_opened(desk: Desk, visit: Visits):
    eva, davi = await desk.person("5511988880201", "Eva"), await desk.person("5511988880202", "Davi")
    await desk.has(await davi.send_text(desk.phone, "Oi"))
    await desk.has(await eva.send_text(desk.phone, "Oi"))
    page = await visit(desk.site, "/chats")
    await page.add_init_script(NOTES_WHAT_COMES)
    await page.reload()
    await row(page, "Eva").get_by_role("link").hover()
    await page.mouse.down()
    await eva.send_text(desk.phone, "Ainda aí?")
    await davi.send_text(desk.phone, "Vou passar na frente")
    await heard(page, "Ainda aí?")
    await heard(page, "Vou passar na frente")
    await page.mouse.up()
    await expect(bubble(page, "Ainda aí?")).to_be_visible()
    await expect(row(page, "Davi")).to_contain_text("Vou passar na frente")


async def test_a_row_that_changes_keeps_the_keyboard(desk: Desk, visit: Visits):
    lia = await desk.person("5511988880203", "Lia")
    await desk.has(await lia.send_text(desk.phone, "Oi"))
    page = await visit(desk.site, "/chats")
    await row(page, "Lia").get_by_role("link").focus()
    await lia.send_text(desk.phone, "E agora?")
    await expect(row(page, "Lia")).to_contain_text("E agora?")
    await expect(row(page, "Lia").get_by_role("link")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(bubble(page, "E agora?")).to_be_visible()
