"""`recado doctor`: what is well and what is not, each with what to do; works whether Recado runs or not."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Literal

import orjson
from cyclopts import App

from recado.domain.access import EVERYTHING
from recado.domain.errors import RecadoError
from recado.domain.timeline import CATALOGUE
from recado.engines.binary import find_binary
from recado.runtime import database_url
from recado.settings import Settings, local_socket, read_settings
from recado.store import checks, instances, migrate, webhooks
from recado.store.database import Database, Tx

from . import screen
from .client import call

app = App(name="doctor", help="Look at everything and say what to do.")

Mark = Literal["✅", "⚠️", "❌"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found about one thing, in a sentence, and what to do about it."""

    mark: Mark
    sentence: str
    hint: str = ""


@app.default
def doctor() -> None:
    """Look at settings, data directory, engine, database, instances, webhooks. Exit code 1 when something is broken."""
    verdicts = asyncio.run(_examine())
    for verdict in verdicts:
        print(screen.verdict(verdict.mark, verdict.sentence, verdict.hint))
    if any(verdict.mark == "❌" for verdict in verdicts):
        raise SystemExit(1)


async def _examine() -> list[Verdict]:
    try:
        settings = read_settings()
    except RecadoError as error:
        return [_broken(error)]
    verdicts = [*_data_dir(settings), _engine(settings), _process(settings)]
    return verdicts + [verdict async for verdict in _database(settings)]


def _broken(error: RecadoError) -> Verdict:
    return Verdict(mark="❌", sentence=error.detail, hint=error.hint)


def _data_dir(settings: Settings) -> Iterator[Verdict]:
    path = settings.data_dir
    if not path.exists():
        yield Verdict(mark="⚠️", sentence=f"There is no data directory {path} yet.", hint="`recado up` makes it.")
    elif not os.access(path, os.W_OK | os.X_OK):
        hint = "Set RECADO_DATA_DIR to one that this user may write to."
        yield Verdict(mark="❌", sentence=f"The data directory {path} cannot be written.", hint=hint)
    else:
        yield Verdict(mark="✅", sentence=f"The data directory {path} can be written.")


def _engine(settings: Settings) -> Verdict:
    try:
        binary = find_binary(settings.engine_binary)
        answer = subprocess.run([binary, "version"], capture_output=True, timeout=10, check=True)
        about = orjson.loads(answer.stdout)
    except RecadoError as error:
        return _broken(error)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return Verdict(mark="❌", sentence=f"The engine host does not run: {error}", hint="Build it with: make engine")
    return Verdict(
        mark="✅", sentence=f"The engine host is there: {about['engine']} {about['version']}, {about['library']}."
    )


def _process(settings: Settings) -> Verdict:
    if not local_socket(settings).exists():
        return Verdict(mark="⚠️", sentence="Recado does not run on this data directory.", hint="`recado up` starts it.")
    try:
        ready = call("GET", "/readyz", is_local=True)
    except RecadoError as error:
        return Verdict(mark="❌", sentence=f"Recado is not ready: {error.detail}", hint=error.hint)
    return Verdict(mark="✅", sentence=f"Recado runs and is ready: {', '.join(ready['parts'])}.")


async def _database(settings: Settings) -> AsyncIterator[Verdict]:
    if settings.database_url is None and not (settings.data_dir / "postgres" / "data").exists():
        yield Verdict(mark="⚠️", sentence="There is no database yet.", hint="`recado up` makes one of its own.")
        return
    threshold = settings.database_prepare_threshold
    try:
        async with database_url(settings) as url:
            findings = await checks.examine(url, prepare_threshold=threshold)
            for finding in findings:
                mark: Mark = "❌" if finding.is_fatal else "⚠️"
                yield Verdict(mark=mark, sentence=finding.sentence, hint=finding.hint)
            if any(finding.is_fatal for finding in findings):
                return
            async with Database.open(url, prepare_threshold=threshold) as database, database.transaction() as tx:
                async for verdict in _content(tx):
                    yield verdict
    except RecadoError as error:
        yield _broken(error)


async def _content(tx: Tx) -> AsyncIterator[Verdict]:
    if await migrate.pending(tx):
        return
    yield Verdict(mark="✅", sentence="The database answers and is up to date.")
    rows = await instances.page(tx, only=None, search="", after=None, limit=10_000)
    for row in rows:
        if row.wanted == "running" and row.status != "connected":
            phrase = CATALOGUE.get(row.reason or "")
            sentence = f"{row.instance_name} is {row.state}" + (f": {phrase.en}" if phrase else ".")
            hint = f"recado instance show {row.instance_name}"
            yield Verdict(mark="⚠️", sentence=sentence, hint=hint)
    connected = sum(row.status == "connected" for row in rows)
    yield Verdict(mark="✅", sentence=f"{connected} of {len(rows)} instances are connected.")
    for webhook in await webhooks.of(tx, EVERYTHING.instance_id):
        if webhook.failing_since is not None or webhook.state == "disabled":
            why = webhook.state_reason or f"failing since {webhook.failing_since:%Y-%m-%d %H:%M} UTC"
            hint = f"recado webhook attempts {webhook.id}"
            yield Verdict(mark="⚠️", sentence=f"The webhook {webhook.url} does not work: {why}", hint=hint)
