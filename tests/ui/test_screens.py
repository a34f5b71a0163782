"""Every screen, light and dark, wide and narrow, in both languages: axe finds nothing serious, nothing sticks out."""

from __future__ import annotations

import psycopg
import pytest
from playwright.async_api import Page, expect

from tests.ui.eyes import COLOURS, hard_to_use, overflow
from tests.ui.shop import MARIA, TEAM
from tests.ui.stage import Stage
from tests.ui.visits import NARROW, Visits

pytestmark = pytest.mark.engine

ENGLISH = ("Conversations", "Connected", "Waiting", "Instance ", "Search", "None")
_PATHS = {
    "sign-in": "/sign-in",
    "instances": "/instances",
    "instance": "/instances/{loja}",
    "unlinked": "/instances/{filial}",
    "pair": "/instances/{waiting}/pair",
    "chats": "/chats",
    "conversation": "/chats/{maria}",
    "group": "/chats/{team}",
    "overview": "/overview",
    "events": "/events",
    "webhooks": "/webhooks",
    "webhook": "/webhooks/{webhook}",
    "keys": "/keys",
    "nothing": "/instances/00000000-0000-0000-0000-000000000000",
}


@pytest.fixture(scope="module")
def paths(town: Stage, shared_database_url: str) -> dict[str, str]:
    """Where each screen is, by name."""
    with psycopg.connect(shared_database_url) as connection:
        names = dict(connection.execute("SELECT instance_name, id::text FROM public.whatsapp_instances").fetchall())
        [webhook] = connection.execute("SELECT id::text FROM recado.webhooks ORDER BY id DESC LIMIT 1").fetchone() or [
            ""
        ]
    ids = {"loja": names["loja"], "filial": names["filial-001"], "waiting": names["filial-nova"], "webhook": webhook}
    ids |= {"maria": str(town.shop.chats[MARIA]), "team": str(town.shop.chats[TEAM])}
    return {name: path.format(**ids) for name, path in _PATHS.items()}


@pytest.mark.parametrize("screen", _PATHS)
async def test_a_screen_can_be_used_by_everybody(town: Stage, visit: Visits, paths: dict[str, str], screen: str):
    visit.expect("status of 404")
    path, is_inside = paths[screen], screen != "sign-in"
    page = await visit(town.site, path, is_signed_in=is_inside, reduced_motion="reduce")
    await expect(page.get_by_role("main")).to_be_visible()
    found = {"light": await hard_to_use(page)}
    assert await overflow(page) == []
    await page.emulate_media(color_scheme="dark")
    found["dark"] = await hard_to_use(page, rules=COLOURS)
    await page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    found["narrow"] = await hard_to_use(page)
    assert await overflow(page) == []
    assert found == {"light": [], "dark": [], "narrow": []}


async def test_every_screen_speaks_portuguese(town: Stage, visit: Visits, paths: dict[str, str]):
    visit.expect("status of 404")
    english = await english_on(await visit(town.site, "/sign-in", language="pt-BR", is_signed_in=False))
    page = await visit(town.site, language="pt-BR")
    for screen, path in paths.items():
        await page.goto(path)
        english += [f"{screen}: {word}" for word in await english_on(page)]
    assert english == []


async def english_on(page: Page) -> list[str]:
    await expect(page.locator("html")).to_have_attribute("lang", "pt-BR")
    said = await page.get_by_role("main").inner_text()
    return [word for word in ENGLISH if word in said]
