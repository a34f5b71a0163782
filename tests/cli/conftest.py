"""Commands against a Recado in this process, over the owner's socket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import structlog

from recado.cli.commands import app
from recado.runtime import Runtime, running
from recado.settings import Settings, read_settings
from tests.engines.fake import FakeEngine
from tests.waiting import until


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No RECADO_… but the data directory; no `.env`."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"RECADO_{name.upper()}", raising=False)
    monkeypatch.delenv("RECADO_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECADO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RECADO_PACE", "off")
    return monkeypatch


@pytest.fixture(autouse=True)
def _no_log_between_what_is_printed() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
async def runtime(environment, database_url: str, engine: FakeEngine) -> AsyncIterator[Runtime]:
    settings = read_settings(database_url=database_url, port=0, allow_private_webhooks=["127.0.0.1"])
    async with running(settings, engine=engine) as runtime:
        await engine.attached.wait()
        yield runtime


@pytest.fixture
async def loja(runtime: Runtime, engine: FakeEngine) -> str:
    """An instance that is connected."""
    made = await runtime.services.instances.create("loja", start=False)
    engine.link(str(made.id))
    await runtime.services.instances.start(made)
    await until(lambda: runtime.lifecycle.roster.connected())
    return "loja"


@pytest.fixture
def recado(environment, capsys: pytest.CaptureFixture[str]) -> Callable[..., object]:
    """Run a command to its end beside this loop; what it printed."""

    async def run(*arguments: str) -> str:
        capsys.readouterr()
        await asyncio.to_thread(app, list(arguments))
        return capsys.readouterr().out

    return run
