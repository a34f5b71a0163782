"""What a page asks of the database, counted for the browser that is signed in."""

from __future__ import annotations

import pytest

from recado.app import create_app
from recado.runtime import Runtime
from tests.ui.counting import Cost, cost_of, counted
from tests.web.browser import Browser


async def cost_at(runtime: Runtime, browser: Browser, path: str, monkeypatch: pytest.MonkeyPatch) -> Cost:
    """Of a page that is there."""
    app = create_app(runtime.services, runtime.settings)
    cookie = f"recado_session={browser.cookies['recado_session']}"
    with counted(monkeypatch):
        status, cost = await cost_of(app, path, cookie)
    assert status == 200
    return cost
