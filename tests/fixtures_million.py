"""A database with a million messages, only to be read: made once (half a minute, 0.7 GB in build/), kept between runs.

The first worker that asks for it runs its server, and ends it when the others have done with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from bench import million
from recado.store.migrate import migrations
from tests.fixtures_database import QUICK, RunningServer, make_template

BUILD = Path(__file__).parents[1] / "build"
PATIENCE = 600
SETTINGS = {"autovacuum": "off", "min_wal_size": "32MB", "max_wal_size": "64MB"}


@pytest.fixture(scope="session")
def million_url() -> Iterator[str]:
    """The instances `bench.million.BIG` and `SMALL`."""
    directory = BUILD / f"million-{_version()}"
    directory.mkdir(parents=True, exist_ok=True)
    with (BUILD / f"{directory.name}.lock").open("w") as lock, (BUILD / f"{directory.name}.door").open("w") as door:
        server = None
        with _alone(door):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                server = _serve(directory)
            fcntl.flock(lock, fcntl.LOCK_SH)
        try:
            yield (directory / "url").read_text()
        finally:
            if server is not None:
                with _alone(door):
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    server.stop()


@contextlib.contextmanager
def _alone(door: TextIO) -> Iterator[None]:
    """Nobody comes while the server is begun or ended: whoever has come finds it running, or begins it anew."""
    fcntl.flock(door, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(door, fcntl.LOCK_UN)


def _serve(directory: Path) -> RunningServer:
    is_filled = directory / "filled"
    if not is_filled.exists():
        for old in BUILD.glob("million-*/"):
            shutil.rmtree(old)
        directory.mkdir()

    async def fill(url: str) -> None:
        if not is_filled.exists():
            await make_template(url)
            await asyncio.to_thread(million.fill, url)
            is_filled.touch()

    server = RunningServer(fill, directory=directory, patience=PATIENCE, settings=QUICK | SETTINGS)
    (directory / "url").write_text(server.url)
    return server


def _version() -> str:
    parts = [migration.text for migration in migrations()] + [million.SCRIPT.read_text("utf-8"), str(million.COUNT)]
    return hashlib.sha256("".join(parts).encode()).hexdigest()[:12]
