"""`recado doctor`: what is well and what is not, each with what to do; works whether Recado runs or not."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
from collections.abc import AsyncIterator

import orjson
from cyclopts import App

from recado.databases import database_url
from recado.domain.errors import RecadoError
from recado.domain.instances import Instance
from recado.domain.timeline import CATALOGUE
from recado.engines.binary import find_binary
from recado.settings import Settings, local_socket, read_settings
from recado.store import checks, instances, migrate, openings, rights
from recado.store.database import Database, Tx

from . import screen
from .client import call
from .delivery_check import delivery_verdicts
from .diagnoses import Verdict, diagnosed, found, refused

app = App(name="doctor", help="Look at everything and say what to do.")


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
        return [refused(error)]
    verdicts = [_data_dir(settings), _engine(settings), _process(settings)]
    return verdicts + [verdict async for verdict in _database(settings)]


def _data_dir(settings: Settings) -> Verdict:
    path = settings.data_dir
    if not path.exists():
        return diagnosed("data_dir_missing", path=path)
    is_fine = os.access(path, os.W_OK | os.X_OK)
    return diagnosed("data_dir_fine" if is_fine else "data_dir_unwritable", path=path)


def _engine(settings: Settings) -> Verdict:
    try:
        binary = find_binary(settings.engine_binary)
        answer = subprocess.run([binary, "version"], capture_output=True, timeout=10, check=True)
        about = orjson.loads(answer.stdout)
    except RecadoError as error:
        return refused(error)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return diagnosed("engine_broken", error=error)
    return diagnosed("engine_fine", **{key: about[key] for key in ("engine", "version", "library")})


def _process(settings: Settings) -> Verdict:
    if not local_socket(settings).exists():
        return diagnosed("not_running")
    try:
        ready = call("GET", "/readyz", is_local=True)
    except RecadoError as error:
        return diagnosed("not_ready", error=error.detail, hint=error.hint)
    return diagnosed("running", parts=", ".join(ready["parts"]))


async def _database(settings: Settings) -> AsyncIterator[Verdict]:
    if settings.database_url is None and not (settings.data_dir / "postgres" / "data").exists():
        yield diagnosed("no_database")
        return
    threshold = settings.database_prepare_threshold
    try:
        async with database_url(settings) as url:
            findings = await checks.examine(url, prepare_threshold=threshold)
            for finding in findings:
                yield found(finding)
            if any(finding.is_fatal for finding in findings):
                return
            async with Database.open(url, prepare_threshold=threshold) as database, database.transaction() as tx:
                async for verdict in _content(tx, settings):
                    yield verdict
    except RecadoError as error:
        yield refused(error)


async def _content(tx: Tx, settings: Settings) -> AsyncIterator[Verdict]:
    if await migrate.pending(tx):
        return
    yield diagnosed("database_fine")
    blocked = await rights.noted(tx)
    if blocked is not None:
        since = f"{blocked.since:%Y-%m-%d %H:%M}"
        yield diagnosed("database_blocked", since=since, what=blocked.sentence, hint=blocked.hint)
    for finding in await openings.find(tx):
        yield found(finding)
    rows = await instances.page(tx, only=None, search="", after=None, limit=10_000)
    for row in rows:
        if row.wanted == "running" and row.status != "connected":
            yield _down(row)
    connected = sum(row.status == "connected" for row in rows)
    yield diagnosed("instances", connected=connected, all=len(rows))
    async for verdict in delivery_verdicts(tx, settings):
        yield verdict


def _down(row: Instance) -> Verdict:
    phrase = CATALOGUE.get(row.reason or "")
    why = phrase.said("en", {}) if phrase else "nothing more is known."
    name = row.instance_name
    return diagnosed("instance_down", name=name, state=row.state, why=why, quoted_name=shlex.quote(name))
