"""The pages as a browser asks for them: one furnished Recado a module, with a real database and a fake engine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from recado.runtime import Runtime
from tests.api.conftest import ADMIN_KEY, house
from tests.api.door import House
from tests.web.browser import Browser

__all__ = ["house"]


@pytest.fixture
def runtime(house: House) -> Runtime:
    """Shared by the tests of a module, which leave it as they found it or work on things of their own."""
    return house.door.runtime


@pytest_asyncio.fixture(loop_scope="module")
async def stranger(runtime: Runtime) -> AsyncIterator[Browser]:
    """Who is not signed in."""
    async with Browser.open(runtime.address) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def browser(stranger: Browser) -> Browser:
    """Who is signed in with the admin key."""
    await stranger.sign_in(ADMIN_KEY)
    return stranger
