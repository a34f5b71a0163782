"""Whether each part that Recado stands on answers right now, and if not, why."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from recado.domain.engine import Engine, EngineError
from recado.domain.errors import RecadoError
from recado.store.database import Database

log = structlog.get_logger(__name__)

_PATIENCE: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """`detail` is a sentence for people, empty when all is well."""

    name: str
    is_ready: bool
    detail: str = ""


class Readiness:
    """Asks the database and every engine; never raises, never waits longer than two seconds."""

    def __init__(self, database: Database, engines: Sequence[Engine]) -> None:
        self._database = database
        self._engines = engines

    async def check(self) -> list[Part]:
        return list(await asyncio.gather(self._store(), *(self._host(engine) for engine in self._engines)))

    async def _store(self) -> Part:
        try:
            async with asyncio.timeout(_PATIENCE.total_seconds()), self._database.transaction() as tx:
                await tx.execute("SELECT FROM public.whatsapp_instances LIMIT 0")
        except TimeoutError:
            return Part(name="database", is_ready=False, detail="The database does not answer.")
        except RecadoError as error:
            return Part(name="database", is_ready=False, detail=error.detail)
        except Exception as error:
            log.error("readiness.database", exc_info=error)
            return Part(name="database", is_ready=False, detail="The database answers with an error; the log has it.")
        return Part(name="database", is_ready=True)

    async def _host(self, engine: Engine) -> Part:
        name = f"engine.{engine.name}"
        try:
            async with asyncio.timeout(_PATIENCE.total_seconds()):
                await engine.sessions()
        except (EngineError, TimeoutError) as error:
            return Part(name=name, is_ready=False, detail=f"The engine host does not answer: {error or 'timeout'}")
        return Part(name=name, is_ready=True)
