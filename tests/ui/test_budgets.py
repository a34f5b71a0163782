"""What the pages may cost: little script, few requests, few bytes before the first screen stands."""

from __future__ import annotations

import gzip

import pytest
from playwright.async_api import Request, Response

from recado.web.drawing import assets
from tests.ui.stage import Stage
from tests.ui.visits import Visits

pytestmark = pytest.mark.engine

KB = 1024
SCRIPTS, REQUESTS, HTML_AND_CSS = 60 * KB, 6, 60 * KB
LATER = ("/picture?", "/chats/rows?")  # people's portraits, which come when the screen stands


def is_later(request: Request) -> bool:
    return any(words in request.url for words in LATER)


def test_all_scripts_together_are_small():
    sizes = {name: len(gzip.compress(asset.content)) for name, asset in assets().by_name.items() if name.endswith("js")}
    assert "recado.js" in sizes
    assert sum(sizes.values()) <= SCRIPTS, sizes


@pytest.mark.parametrize("path", ["/sign-in", "/instances", "/chats"])
async def test_the_first_screen_takes_few_requests_and_few_bytes(town: Stage, visit: Visits, path: str):
    page = await visit(town.site, "about:blank", is_signed_in=path != "/sign-in")
    requests: list[Request] = []
    answers: list[Response] = []
    page.on("request", lambda one: requests.append(one))
    page.on("response", lambda one: answers.append(one))
    await page.goto(path)
    needed = [one.url for one in requests if one.resource_type != "eventsource" and not is_later(one)]
    assert len(needed) <= REQUESTS, needed
    drawn = [one.request for one in answers if one.request.resource_type in {"document", "stylesheet"}]
    sizes = {one.url: (await one.sizes())["responseBodySize"] for one in drawn}  # as they come over the wire
    assert len(sizes) == 2
    assert sum(sizes.values()) <= HTML_AND_CSS, sizes
