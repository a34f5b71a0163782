"""A real PostgreSQL for the tests: one server a run, shared by all workers; a fresh migrated database for each test.

The server is started by the first process of the run (before its workers, if it has some) and ends with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from recado.store import embedded, migrate
from recado.store.database import Database
from tests import throwaway

# No test that asks for these databases kills their server, so nothing need reach the disk.
QUICK = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
}
TEMPLATE = "recado"
_SERVER = pytest.StashKey["RunningServer"]()


async def make_template(url: str) -> None:
    """Apply every migration to the database that the others are copied from."""
    async with Database.open(url) as database:
        await migrate.upgrade(database)


class RunningServer:
    """An embedded server on a thread of its own, so that it outlives every test's loop; filled before it is used.

    With a `directory` its files stay there; else they go with it.
    """

    def __init__(
        self,
        fill: Callable[[str], Awaitable[None]] = make_template,
        *,
        directory: Path | None = None,
        settings: Mapping[str, str] = QUICK,
        patience: float = 60,
    ) -> None:
        self._fill = fill
        self._directory = directory
        self._settings = settings
        self._url: Future[str] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), name="postgres", daemon=True)
        self._thread.start()
        self.url = self._url.result(timeout=patience)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._enough.set)
        self._thread.join(timeout=60)

    async def _live(self) -> None:
        self._loop, self._enough = asyncio.get_running_loop(), asyncio.Event()
        its_own = contextlib.nullcontext(self._directory) if self._directory else throwaway.directory()
        try:
            with its_own as directory:
                async with embedded.serve(directory / "postgres", settings=self._settings) as server:
                    await self._fill(server.url)
                    self._url.set_result(server.url)
                    await self._enough.wait()
        except BaseException as error:
            if not self._url.done():
                self._url.set_exception(error)
            raise


def pytest_configure(config: pytest.Config) -> None:
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        config.stash[_SERVER] = RunningServer()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    node.workerinput["server_url"] = node.config.stash[_SERVER].url


def pytest_unconfigure(config: pytest.Config) -> None:
    if (server := config.stash.get(_SERVER, None)) is not None:
        server.stop()


@pytest.fixture(scope="session")
def server_url(pytestconfig: pytest.Config) -> str:
    """The URL of the run's server, at the template: for copies, not for connecting."""
    if hasattr(pytestconfig, "workerinput"):
        return pytestconfig.workerinput["server_url"]
    if _SERVER not in pytestconfig.stash:
        pytestconfig.stash[_SERVER] = RunningServer()
    return pytestconfig.stash[_SERVER].url


@pytest.fixture(scope="session")
def _caretaker(server_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(named(server_url, "postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def database_url(server_url: str, _caretaker: psycopg.Connection) -> Iterator[str]:
    """A database of the test's own with every migration applied and no rows."""
    with copied(_caretaker, TEMPLATE) as name:
        yield named(server_url, name)


@pytest.fixture
def empty_database_url(server_url: str, _caretaker: psycopg.Connection) -> Iterator[str]:
    """A database of the test's own in which there is nothing at all."""
    with copied(_caretaker, "template0") as name:
        yield named(server_url, name)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """The test's own database, opened."""
    async with Database.open(database_url) as database:
        yield database


def named(url: str, database: str) -> str:
    """The same server, another database."""
    return url.replace(f"/{TEMPLATE}?", f"/{database}?")


@contextlib.contextmanager
def copied(caretaker: psycopg.Connection, template: str) -> Iterator[str]:
    name = f"test_{os.getpid()}_{uuid4().hex[:12]}"
    parts = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
    # A copy of files takes half the time of one through the log; in memory a third of that on a disk.
    caretaker.execute(sql.SQL("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy").format(**parts))
    try:
        yield name
    finally:
        caretaker.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**parts))
