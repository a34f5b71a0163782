"""The embedded PostgreSQL as it runs: made at first use, started, minded, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import shutil
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import MappingProxyType

import psycopg
import structlog

from recado.domain.errors import Misconfigured, RecadoError

from . import configuration, processes
from .site import DATABASE, Site, find_site, lock

log = structlog.get_logger(__name__)

_PREFIX = re.compile(r"^.*? \[\d+\] \w+: ")
_NO_CHANGES: Mapping[str, str] = MappingProxyType({})
_LOG_LIMIT = 1_000_000
_READY_WITHIN = 300.0
_STOP_WITHIN = 30.0
_PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0)
_LONGEST_PAUSE = 5.0


class Server:
    """One PostgreSQL. `url` stays the same however often it is started again."""

    def __init__(self, site: Site, settings: Mapping[str, str]) -> None:
        self._site = site
        self._settings = settings
        self._process: Process | None = None
        self.url = site.url()

    @property
    def pid(self) -> int:
        """The number of the running process; LookupError when there is none."""
        if self._process is None:
            raise LookupError("PostgreSQL has not been started")
        return self._process.pid

    async def start(self) -> None:
        """Start it on data that exists or is made now, and wait until it answers. Raises Misconfigured."""
        await asyncio.to_thread(processes.clear, self._site.data, self._site.sockets)
        if not self._site.data.exists():
            await self._make_data()
        self._write_configuration()
        self._process = await self._spawn("postgres", self._site.data)
        await self._until_ready(self._process)
        await self._make_database()

    async def died(self) -> int:
        """Wait until the process ends by itself; its exit code, negative for a signal."""
        return await self._process.wait() if self._process is not None else 0

    async def run(self) -> None:
        """Start it again whenever it ends, until cancelled."""
        while True:
            log.error("postgres.ended", code=await self.died())
            for pause in itertools.chain(_PAUSES, itertools.repeat(_LONGEST_PAUSE)):
                await asyncio.sleep(pause)
                try:
                    await self.start()
                except (RecadoError, OSError, psycopg.Error) as error:
                    log.error("postgres.start_failed", error=str(error))
                else:
                    log.info("postgres.started", pid=self.pid)
                    break

    async def stop(self) -> None:
        """End it: cleanly if it can within 30 s, at once if not."""
        process = self._process
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if process is None or process.returncode is not None:
                return
            with contextlib.suppress(TimeoutError, ProcessLookupError):
                process.send_signal(number)
                async with asyncio.timeout(_STOP_WITHIN):
                    await process.wait()

    async def _make_data(self) -> None:
        unfinished = self._site.directory / "data.new"
        await asyncio.to_thread(shutil.rmtree, unfinished, ignore_errors=True)
        self._site.account.own(unfinished)
        process = await self._spawn(
            "initdb", unfinished, f"--username={DATABASE}", "--auth=peer", "--encoding=UTF8", "--no-instructions",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            *(["--no-sync"] if self._settings.get("fsync") == "off" else []),
        )  # fmt: skip
        if await process.wait() != 0:
            raise self._failure("could not make its data directory")
        unfinished.rename(self._site.data)

    def _write_configuration(self) -> None:
        files = {
            "postgresql.conf": configuration.postgresql_conf(str(self._site.sockets), self._settings),
            "pg_hba.conf": configuration.pg_hba_conf(),
            "pg_ident.conf": configuration.pg_ident_conf(self._site.users()),
        }
        configuration.write(self._site.data, files)

    async def _spawn(self, program: str, data: Path, *arguments: str) -> Process:
        account = self._site.account
        command = (str(self._site.programs / program), "-D", self._site.seen_by_account(data), *arguments)
        child = Path(__file__).with_name("child.py")
        with self._open_log() as output:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", str(child),
                str(os.getpid()), str(account.uid), str(account.gid), str(data), *command,
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            )  # fmt: skip

    def _open_log(self) -> contextlib.AbstractContextManager[int]:
        path = self._site.log
        is_long = path.exists() and path.stat().st_size > _LOG_LIMIT
        return open(path, "w" if is_long else "a")  # type: ignore[return-value]

    async def _until_ready(self, process: Process) -> None:
        try:
            async with asyncio.timeout(_READY_WITHIN):
                while not self._is_ready(process.pid):
                    if process.returncode is not None:
                        raise self._failure("did not start")
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise self._failure("is not ready after five minutes") from None

    def _is_ready(self, pid: int) -> bool:
        try:
            lines = (self._site.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    async def _make_database(self) -> None:
        async with await psycopg.AsyncConnection.connect(self._site.url("postgres"), autocommit=True) as connection:
            found = await connection.execute("SELECT FROM pg_database WHERE datname = 'recado'")
            if found.rowcount == 0:
                await connection.execute("CREATE DATABASE recado")

    def _failure(self, what: str) -> Misconfigured:
        lines = self._site.log.read_text("utf-8", "replace").splitlines()
        last = "; ".join(_PREFIX.sub("", line).strip() for line in lines[-2:]) or "it said nothing"
        return Misconfigured(
            "postgres_failed",
            f"The embedded PostgreSQL {what}: {last}",
            hint=f"The whole story is in {self._site.log}.",
        )


@contextlib.asynccontextmanager
async def serve(directory: Path, *, settings: Mapping[str, str] = _NO_CHANGES) -> AsyncIterator[Server]:
    """Run a PostgreSQL whose files are all in `directory`, until the end of the block.

    The calling thread must live as long as the block: PostgreSQL is ended by the kernel with the thread that started
    it. `settings` are PostgreSQL's own, by name. Raises Misconfigured.
    """
    site = await asyncio.to_thread(find_site, directory)
    with lock(site.directory):
        server = Server(site, settings)
        try:
            await server.start()
            yield server
        finally:
            await server.stop()
            with contextlib.suppress(OSError):
                site.sockets.rmdir()
