"""What can be seen on a screen: the QR in its pixels, how many requests a page takes, what axe finds hard to use."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

import zxingcpp
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import Error, Page

from tests.ui.network import GUARD
from tests.waiting import until

SERIOUS: Final = frozenset({"serious", "critical"})
COLOURS: Final = ("color-contrast", "link-in-text-block")  # the rules on them; the rest does not change with the dark
_IS_THERE: Final = "Boolean(window.axe)"
_RUN: Final = "(options) => axe.run(options).then((found) => found.violations)"


async def qr_on(page: Page, *, other_than: str = "") -> str:
    """The text of the QR code that a phone held to this screen would read, as soon as there is one."""

    async def read() -> str | None:
        try:
            shot = Image.open(io.BytesIO(await page.screenshot()))
        except Error:  # Chromium cannot always take one, while a page is being built
            return None
        texts = [found.text for found in zxingcpp.read_barcodes(shot, zxingcpp.BarcodeFormat.QRCode)]
        return next((text for text in texts if text != other_than), None)

    text: str = await until(read, guard=GUARD)
    return text


async def hard_to_use(page: Page, *, rules: Sequence[str] = ()) -> list[str]:
    """What axe finds on this page as it is now that is serious or critical, one line a rule with the first places.

    `rules`: by these alone, where there are any.
    """
    if not await page.evaluate(_IS_THERE):
        await page.evaluate(Axe().axe_script)
    only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    found = await page.evaluate(_RUN, {"resultTypes": ["violations"]} | only)
    return [_told(one) for one in found if one["impact"] in SERIOUS]


def _told(violation: dict[str, Any]) -> str:
    places = [f"{node['target']} {node['html'][:160]}" for node in violation["nodes"][:3]]
    return f"{violation['id']} ({violation['impact']}, {len(violation['nodes'])}): {violation['help']}: {places}"


async def overflow(page: Page) -> list[str]:
    """What sticks out of the screen to the side, so that the whole page could be pushed about."""
    found: list[str] = await page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth
          if (document.documentElement.scrollWidth <= width) return []
          return [...document.body.querySelectorAll("*")]
            .filter((one) => one.getBoundingClientRect().right > width + 1)
            .map((one) => `${one.parentElement.className} > ${one.localName}.${one.className} ` +
              `${Math.round(one.getBoundingClientRect().right)} ${one.textContent.slice(0, 40)}`)
            .slice(0, 5)
        }"""
    )
    return found
