"""The database: which one it is, started if it is the embedded one, checked, and brought up to date."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import structlog

from recado.domain.errors import Misconfigured
from recado.engines.binary import find_binary
from recado.engines.whatsmeow_program import upgrade_tables
from recado.settings import Settings
from recado.store import adoption, checks, embedded, migrate
from recado.store.database import Database
from recado.store.embedded.site import find_site
from recado.store.sealing import seal_schema

ENGINE_SCHEMA: Final = "whatsmeow"

log = structlog.get_logger()


async def upgrade(settings: Settings, url: str) -> list[str]:
    """Bring our tables and the engine's up to date, and close their schemas; the migrations that were applied."""
    async with opened(settings, url) as database:
        applied = await _migrate(database)
        await upgrade_tables(find_binary(settings.engine_binary), url, schema=ENGINE_SCHEMA)
        async with database.transaction() as tx:
            await seal_schema(tx, ENGINE_SCHEMA)
    return applied


@contextlib.asynccontextmanager
async def database_url(settings: Settings) -> AsyncIterator[str]:
    """The database to go straight to: the one of the settings, else the embedded one, which is started if need be."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    async with AsyncExitStack() as stack:
        try:
            server = await stack.enter_async_context(embedded.serve(_home(settings)))
        except Misconfigured as error:
            if error.code != "data_dir_in_use":
                raise
            yield find_site(_home(settings)).url()
        else:
            yield server.url


async def embedded_server(
    stack: AsyncExitStack, settings: Settings, changes: Mapping[str, str]
) -> embedded.Server | None:
    """Start the embedded PostgreSQL until the stack is closed; None when the settings name another database."""
    if settings.database_url is not None:
        return None
    return await stack.enter_async_context(embedded.serve(_home(settings), settings=changes))


async def prepare(settings: Settings, url: str, *, has_host: bool) -> None:
    """Refuse a database that Recado cannot work with, and bring its tables up to date. Raises Misconfigured."""
    checks.refuse(await checks.examine(url, prepare_threshold=settings.database_prepare_threshold))
    if has_host:
        await upgrade(settings, url)
        return
    async with opened(settings, url) as database:
        await _migrate(database)


async def _migrate(database: Database) -> list[str]:
    """Bring our tables up to date; at the first time, those of an older back end are repaired before."""
    async with database.transaction() as tx:
        is_first = len(await migrate.pending(tx)) == len(migrate.migrations())
    for line in await adoption.adopt(database) if is_first else []:
        log.info("database." + line.code, what=line.sentence, rows=line.rows)
    return await migrate.upgrade(database)


def _home(settings: Settings) -> Path:
    return settings.data_dir / "postgres"


def opened(settings: Settings, url: str) -> contextlib.AbstractAsyncContextManager[Database]:
    """Connections to it until the end of the block."""
    return Database.open(url, prepare_threshold=settings.database_prepare_threshold, max_size=settings.database_pool)
