"""Pictures of pages for whoever builds them: `python -m tests.ui.look ORIGIN KEY OUT /instances --dark --narrow`."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
from pathlib import Path

from playwright.async_api import async_playwright

from tests.fixtures_browser import FIND
from tests.ui.visits import NARROW, WIDE, launched


async def _look(arguments: argparse.Namespace, chromium: Path) -> None:
    width, height = NARROW if arguments.narrow else WIDE
    async with async_playwright() as playwright:
        browser = await launched(playwright, chromium)
        context = await browser.new_context(
            base_url=arguments.origin,
            viewport={"width": width, "height": height},
            is_mobile=arguments.narrow,
            locale="pt-BR" if arguments.pt else "en-GB",
            color_scheme="dark" if arguments.dark else "light",
            timezone_id="America/Sao_Paulo",
        )
        sent_by = {"Origin": arguments.origin}
        await context.request.post("/sign-in", form={"key": arguments.key}, headers=sent_by, max_redirects=0)
        page = await context.new_page()
        page.on("console", lambda message: print(f"  {message.type}: {message.text}"))
        page.on("pageerror", lambda error: print(f"  script error: {error.message}"))
        kind = "-".join(word for word in ("narrow", "dark", "pt") if getattr(arguments, word))
        for path in arguments.paths:
            await page.goto(path)
            await page.wait_for_timeout(500)
            out = Path(arguments.out) / f"{path.strip('/').replace('/', '-') or 'home'}{kind and '-' + kind}.png"
            out.parent.mkdir(parents=True, exist_ok=True)
            await page.screenshot(path=out, full_page=arguments.full)
            print(out)
        await browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("origin", help="such as http://127.0.0.1:7770")
    parser.add_argument("key")
    parser.add_argument("out")
    parser.add_argument("paths", nargs="+")
    for flag in ("dark", "narrow", "pt", "full"):
        parser.add_argument(f"--{flag}", action="store_true")
    found = subprocess.run([FIND, "--found"], capture_output=True, text=True, check=True)
    asyncio.run(_look(parser.parse_args(), Path(found.stdout.strip())))
