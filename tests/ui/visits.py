"""Visits to the pages in a real browser: each a context of its own, watched for everything that goes wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path
from textwrap import indent
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, Error, Page, Playwright

from tests.ui.site import Site
from tests.ui.watch import Watch

WIDE, NARROW = (1280, 800), (390, 844)
ZONE: Final = "America/Sao_Paulo"
PATIENCE_MS: Final = 60_000
_STARTS_MS: Final = 240_000
_HANGS: Final = 20  # seconds
_LAST: Final = 200  # lines of a log
_SAID: Final = 1_500  # characters of a page
_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
)


async def launched(playwright: Playwright, path: Path) -> Browser:
    """A headless Chromium with a profile of its own."""
    return await playwright.chromium.launch(executable_path=path, args=list(_FLAGS), timeout=_STARTS_MS)


class Visits:
    """The visits of one test. Call it for a new one; `check` fails with what their browsers saw."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._watches: list[Watch] = []
        self._expected: list[str] = []
        self._sites: list[Site] = []
        self.contexts: list[BrowserContext] = []

    async def __call__(
        self,
        site: Site,
        path: str = "/",
        *,
        size: tuple[int, int] = WIDE,
        language: str = "en-GB",
        is_dark: bool = False,
        is_signed_in: bool = True,
        is_known: bool = True,
        **options: Any,
    ) -> Page:
        """Open a page as somebody with that screen (CSS pixels) and those tastes, signed in as the administrator.

        `is_known`: they have been here before, so their time zone is known.
        """
        context = await self._browser.new_context(
            base_url=site.origin,
            viewport={"width": size[0], "height": size[1]},
            is_mobile=size[0] < 600,
            has_touch=size[0] < 600,
            locale=language,
            timezone_id=ZONE,
            color_scheme="dark" if is_dark else "light",
            **options,
        )
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        self._sites.append(site)
        watch = Watch(site.origin)
        watch.expect(*self._expected)
        self._watches.append(watch)
        await watch.attend(context)
        if is_known:
            await context.add_cookies([{"name": "recado_tz", "value": ZONE, "url": site.origin}])
        if is_signed_in:
            await context.request.get(await site.link(), max_redirects=0)
        page = await context.new_page()
        await page.goto(path)
        return page

    @property
    def watch(self) -> Watch:
        """That of the latest visit."""
        return self._watches[-1]

    def expect(self, *patterns: str) -> None:
        """What the story brings about on purpose, in the visits so far and in those to come."""
        self._expected += patterns
        for watch in self._watches:
            watch.expect(*patterns)

    def check(self) -> None:
        for watch in self._watches:
            watch.check()

    async def keep(self, stem: Path) -> None:
        """What tells why: each page as a picture and as HTML, the ends of the logs; their names begin with `stem`.

        Says where they are, what the pages say, and what their browsers saw.
        """
        stem.parent.mkdir(parents=True, exist_ok=True)
        for n, page in enumerate(page for context in self.contexts for page in context.pages):
            await _keep_page(page, Path(f"{stem}-{n}"))
        for log in dict.fromkeys(log for site in self._sites for log in site.logs):
            _keep_log(log, Path(f"{stem}-{log.name}"))
        for trouble in dict.fromkeys(trouble for watch in self._watches for trouble in watch.troubles):
            print(f"the browser saw: {trouble}")

    async def close(self) -> None:
        for context in self.contexts:
            await context.close()


def _keep_log(log: Path, kept: Path) -> None:
    kept.write_text("\n".join(log.read_text("utf-8", "replace").splitlines()[-_LAST:]))
    print(f"kept: {kept}")


async def _keep_page(page: Page, stem: Path) -> None:
    """One that has crashed or hangs gives nothing more, which is said too."""
    print(f"kept: {stem}.png and .html of {page.url}")
    try:
        async with asyncio.timeout(_HANGS):
            stem.with_suffix(".html").write_text(await page.content())
            await page.screenshot(path=stem.with_suffix(".png"))
            print(indent((await page.inner_text("body"))[:_SAID], "  "))
    except (Error, TimeoutError) as error:
        print(f"  but: {error!r}")
