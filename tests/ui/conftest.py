"""What the stories of the pages start from: a browser a worker, a context a visit, Recado on a simulated network."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.fixtures_database import TEMPLATE, copied, named
from tests.ui import scenes
from tests.ui.desk import Desk, desk
from tests.ui.rows import Rows
from tests.ui.site import Site, site
from tests.ui.stage import IDLE, Stage, instance_id, stage
from tests.ui.visits import PATIENCE_MS, Visits, launched

PICTURES = Path(__file__).parents[2] / "build" / "ui"
_FAILED = pytest.StashKey[bool]()
expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them in one loop, as the browser lives in it."""
    for item in items:
        if Path(__file__).parent in item.path.parents and isinstance(item, pytest.Function):
            item.add_marker(pytest.mark.ui)
            item.add_marker(pytest.mark.timeout(600))  # the first one starts a browser, a network and Recado
            if inspect.iscoroutinefunction(item.obj):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await launched(playwright, chromium)
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Visits]:
    """Opens pages: `page = await visit(recado, "/instances")`. What they saw go wrong fails the test at its end."""
    visits = Visits(browser)
    yield visits
    failed = request.node.stash.get(_FAILED, True)
    name = re.sub(r"[^\w-]+", "-", request.node.name)
    try:
        if failed:
            await visits.keep(PICTURES / name)
    finally:
        await visits.close()
    if not failed:
        visits.check()


@pytest_asyncio.fixture(loop_scope="session")
async def recado(chromium: Path, tmp_path: Path, database_url: str) -> AsyncIterator[Site]:
    """Recado and a network of the test's own, with nothing in them."""
    async with site(tmp_path, database_url) as running:
        yield running


@pytest.fixture(scope="session")
def shared_database_url(server_url: str, _caretaker: psycopg.Connection) -> Iterator[str]:
    """One database for all tests of this worker that only look."""
    with copied(_caretaker, TEMPLATE) as name:
        yield named(server_url, name)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def town(
    chromium: Path, tmp_path_factory: pytest.TempPathFactory, shared_database_url: str
) -> AsyncIterator[Stage]:
    """Everything there is to look at, also what ought to hurt; for tests that change nothing that another looks at."""
    directory = tmp_path_factory.mktemp("town")
    async with stage(directory, shared_database_url, is_hostile=True) as running:
        yield running


@pytest.fixture(scope="session")
def endless_chat(town: Stage, shared_database_url: str) -> UUID:
    """A chat of 50,000 messages on `loja`."""
    with psycopg.connect(shared_database_url) as connection:
        return scenes.endless_chat(Rows(connection, town.shop.rows.instance_id), datetime.now(UTC))


@pytest.fixture(scope="session")
def crowd(town: Stage, shared_database_url: str) -> None:
    """5,000 chats on `suporte`, beside 200 instances."""
    with psycopg.connect(shared_database_url) as connection:
        scenes.crowd(connection, instance_id(connection, "suporte"), datetime.now(UTC))
        scenes.idle_instances(connection, datetime.now(UTC), 200, first=IDLE + 1)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_desk(
    chromium: Path, tmp_path_factory: pytest.TempPathFactory, server_url: str, _caretaker: psycopg.Connection
) -> AsyncIterator[Desk]:
    """One Recado for all stories of this worker that write, each with people and instances of its own."""
    with copied(_caretaker, TEMPLATE) as name:
        async with desk(tmp_path_factory.mktemp("desk"), named(server_url, name)) as running:
            yield running


@pytest_asyncio.fixture(loop_scope="session", name="desk")
async def at_the_desk(shared_desk: Desk) -> Desk:
    """A story before this one may have killed it."""
    await shared_desk.is_at_work()
    return shared_desk
