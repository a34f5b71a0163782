"""Backups that are made by themselves: one file every so often, the oldest ones deleted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import psycopg
import structlog

from recado.clock import Clock
from recado.domain.errors import NotFound, RecadoError
from recado.store import backup
from recado.telemetry import BACKUPS

_TRIES_AGAIN: Final = timedelta(minutes=10)
_SUFFIX: Final = ".recado-backup"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupPlan:
    """How often, where to, how many are kept; `has_messages`: the messages as well."""

    every: timedelta
    directory: Path
    keep: int
    passphrase: str
    has_messages: bool


class Backups:
    """Makes them as long as it runs. A backup that fails is told in the log and tried again after ten minutes."""

    def __init__(self, url: str, clock: Clock, plan: BackupPlan, *, version: str) -> None:
        self._url = url
        self._clock = clock
        self._plan = plan
        self._version = version

    async def run(self) -> None:
        while True:
            await self._clock.sleep(self._until_next())
            try:
                await self.make()
            except NotFound:
                await self._clock.sleep(_TRIES_AGAIN)
            except (RecadoError, OSError, psycopg.Error) as error:
                BACKUPS.labels("failed").inc()
                _log.error("backup.failed", directory=str(self._plan.directory), error=str(error))
                await self._clock.sleep(_TRIES_AGAIN)

    async def make(self) -> Path:
        """One, now. Raises RecadoError, OSError and psycopg's errors."""
        taken = await asyncio.to_thread(self._take)
        BACKUPS.labels("made").inc()
        _log.info("backup.made", file=str(taken.path), instances=len(taken.manifest.instances), bytes=taken.size)
        return taken.path

    def _take(self) -> backup.Taken:
        plan, now = self._plan, self._clock.now()
        plan.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        taken = backup.take(
            self._url,
            plan.directory / f"{now:%Y%m%dT%H%M%SZ}{_SUFFIX}",
            plan.passphrase,
            now=now,
            new_id=self._clock.new_id,
            version=self._version,
            has_messages=plan.has_messages,
        )
        for old in self._made()[: -plan.keep]:
            old.unlink(missing_ok=True)
        return taken

    def _made(self) -> list[Path]:
        """Those of the directory, the oldest first."""
        return sorted(self._plan.directory.glob(f"*{_SUFFIX}"))

    def _until_next(self) -> timedelta:
        """So that a start does not begin the time anew."""
        made = self._made()
        if not made:
            return timedelta(0)
        since = self._clock.now().timestamp() - made[-1].stat().st_mtime
        return max(timedelta(0), self._plan.every - timedelta(seconds=since))
