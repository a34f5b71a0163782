"""`recado db …`: straight to the database, whether Recado runs or not."""

from __future__ import annotations

import asyncio

from cyclopts import App

from recado.domain.errors import Misconfigured
from recado.runtime import database_url, upgrade
from recado.settings import Settings, read_settings
from recado.store import checks, migrate
from recado.store.urls import Finding

from . import screen

app = App(name="db", help="The database: bring it up to date, check it, print its SQL.")


@app.command(name="upgrade")
def upgrade_() -> None:
    """Bring Recado's tables and the engine's up to date; done at every start as well."""
    applied = asyncio.run(_upgrade(read_settings()))
    for name in applied:
        print(f"✅ {name}")
    print("✅ The database is up to date.")


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


async def _check(settings: Settings) -> list[Finding]:
    try:
        async with database_url(settings) as url:
            return await checks.examine(url, prepare_threshold=settings.database_prepare_threshold)
    except Misconfigured as error:
        return [Finding(code=error.code, sentence=error.detail, hint=error.hint)]
