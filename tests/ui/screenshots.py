"""`make screenshots`: the pictures of docs/screenshots, drawn anew from a bakery on the simulated network."""

from __future__ import annotations

import asyncio
import io
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from tests.fixtures_browser import FIND
from tests.fixtures_database import RunningServer
from tests.ui.shop import MARIA, TEAM
from tests.ui.stage import Stage, stage
from tests.ui.visits import NARROW, WIDE, Visits, launched

OUT: Final = Path(__file__).parents[2] / "docs" / "screenshots"
_COLOURS: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """`opens` are the names of links that are followed, one after the other, before the picture is taken."""

    name: str
    path: str
    opens: tuple[str, ...] = ()
    is_dark: bool = False
    is_narrow: bool = False
    language: str = "en-GB"


SHOTS: Final = (
    Shot(name="sign-in", path="/sign-in"),
    Shot(name="instances", path="/instances"),
    Shot(name="pair", path="/instances", opens=("filial-nova", "Show the code")),
    Shot(name="instance", path="/instances", opens=("loja",)),
    Shot(name="chats", path="/chats", opens=(MARIA,)),
    Shot(name="group", path="/chats", opens=(TEAM,), language="pt-BR"),
    Shot(name="chats-dark-narrow", path="/chats", opens=(MARIA,), is_dark=True, is_narrow=True),
    Shot(name="overview", path="/overview"),
    Shot(name="events", path="/events"),
    Shot(name="webhooks", path="/webhooks"),
    Shot(name="keys", path="/keys"),
)


async def take(set_up: Stage, browser: Browser, shot: Shot, out: Path) -> None:
    """One picture, of few colours so that it is small."""
    visits = Visits(browser)
    page = await visits(
        set_up.site,
        shot.path,
        size=NARROW if shot.is_narrow else WIDE,
        is_dark=shot.is_dark,
        language=shot.language,
        is_signed_in=shot.path != "/sign-in",
    )
    for name in shot.opens:
        await _open(page, name)
    await page.wait_for_timeout(1_000)
    picture = Image.open(io.BytesIO(await page.screenshot())).convert("RGB")
    picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(out / f"{shot.name}.png", optimize=True)
    await visits.close()


async def _open(page: Page, name: str) -> None:
    await page.get_by_role("link", name=name).first.click()
    await page.wait_for_timeout(1_000)


async def _all(chromium: Path, url: str) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        async with stage(Path(directory), url) as set_up, async_playwright() as playwright:
            browser = await launched(playwright, chromium)
            await set_up.converse()
            for shot in SHOTS:
                await take(set_up, browser, shot, OUT)
                print(OUT / f"{shot.name}.png")
            await browser.close()


def main() -> None:
    found = subprocess.run([FIND, "--found"], capture_output=True, text=True, check=True)
    server = RunningServer()
    try:
        asyncio.run(_all(Path(found.stdout.strip()), server.url))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
