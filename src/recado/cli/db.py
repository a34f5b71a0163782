"""`recado db …`: straight to the database, whether Recado runs or not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Final

import orjson
from cyclopts import App, Parameter

from recado.databases import database_url, upgrade
from recado.domain.errors import Misconfigured
from recado.settings import Settings, read_settings
from recado.store import adoption, checks, migrate
from recado.store.adoption import Line
from recado.store.database import Database
from recado.store.urls import Finding

from . import backup, screen

app = App(name="db", help="The database: bring it up to date, adopt an old one, check it, print its SQL.")

_MARKS: Final = {"found": "🔎", "changed": "✅", "kept": "🔒"}


@app.command(name="upgrade")
def upgrade_() -> None:
    """Bring Recado's tables and the engine's up to date; done at every start as well."""
    applied = asyncio.run(_upgrade(read_settings()))
    for name in applied:
        print(f"✅ {name}")
    print("✅ The database is up to date.")


@app.command
def adopt(*, dry_run: bool = False, is_json: Annotated[bool, Parameter(name="--json", negative="")] = False) -> None:
    """Repair the tables of an older back end, whatsapp_instances and whatsapp_sessions, and say what was done.

    What it runs is sql/fix-table-structure.sql: one transaction, no row is lost, a second time changes nothing.

    Parameters
    ----------
    dry_run
        Only say what would be done.
    is_json
        Say it as JSON.
    """
    lines = asyncio.run(_adopt(read_settings(), dry_run))
    if is_json:
        print(orjson.dumps({"dry_run": dry_run, "report": [asdict(line) for line in lines]}).decode())
        return
    for line in lines:
        rows = "" if line.rows is None else f" ({line.rows} {'row' if line.rows == 1 else 'rows'})"
        print(f"{_MARKS[line.kind]} {line.sentence}{rows}")
    print(_conclusion(lines, dry_run))


def _conclusion(lines: Sequence[Line], is_rehearsal: bool) -> str:
    if not lines:
        return "✅ There is no whatsapp_instances of an older back end here: nothing to adopt."
    if not any(line.kind == "changed" for line in lines):
        return "✅ Nothing has to be repaired."
    if is_rehearsal:
        return "⚠️ This was a rehearsal: nothing has been changed. `recado db adopt` does it."
    return "✅ The old tables are repaired. Next: recado up"


@app.command
def check() -> None:
    """Say what is wrong with the database; exit code 1 when Recado could not start on it."""
    findings = asyncio.run(_check(read_settings()))
    for finding in findings:
        print(screen.verdict("❌" if finding.is_fatal else "⚠️", finding.sentence, finding.hint))
    if not findings:
        print("✅ Nothing is wrong with the database.")
    if any(finding.is_fatal for finding in findings):
        raise SystemExit(1)


@app.command
def sql() -> None:
    """Print all migrations as one script, for an SQL editor such as Supabase's."""
    print(migrate.sql())


async def _upgrade(settings: Settings) -> list[str]:
    async with database_url(settings) as url:
        checks.refuse(await checks.examine(url, prepare_threshold=settings.database_prepare_threshold))
        return await upgrade(settings, url)


async def _adopt(settings: Settings, is_rehearsal: bool) -> list[Line]:
    async with database_url(settings) as url:
        checks.refuse(await checks.examine(url, prepare_threshold=settings.database_prepare_threshold))
        async with Database.open(url, prepare_threshold=settings.database_prepare_threshold) as database:
            return await adoption.adopt(database, is_rehearsal=is_rehearsal)


async def _check(settings: Settings) -> list[Finding]:
    try:
        async with database_url(settings) as url:
            return await checks.examine(url, prepare_threshold=settings.database_prepare_threshold)
    except Misconfigured as error:
        return [Finding(code=error.code, sentence=error.detail, hint=error.hint)]


app.command(backup.backup)
app.command(backup.restore)
