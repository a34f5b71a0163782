"""A program of the bench as a child process: what it says comes line by line; it outlives neither its block nor us."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from recado.engines.child import die_with_parent

from .waiting import PATIENCE

_LINE: Final = 64 << 20


class Program:
    """One child; what it writes to stderr is in `log`."""

    def __init__(self, name: str, process: Process, log: Path) -> None:
        self.name = name
        self.pid = process.pid
        self.log = log
        self._process = process

    async def hear(self) -> Any:
        """The next line that it says, as JSON. Raises RuntimeError when it has ended instead, or says nothing."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise self.failure("says nothing") from None
        if not line:
            raise self.failure("has ended")
        return json.loads(line)

    async def ask(self, question: str) -> Any:
        """Say one line and hear the next."""
        assert self._process.stdin is not None
        self._process.stdin.write(question.encode() + b"\n")
        await self._process.stdin.drain()
        return await self.hear()

    def check(self) -> None:
        """Raises RuntimeError when it has ended."""
        if self._process.returncode is not None:
            raise self.failure(f"has ended with {self._process.returncode}")

    async def end(self) -> None:
        """Its input ends and it is asked to end; then it is made to."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        for stop in (self._process.terminate, self._process.kill):
            with contextlib.suppress(ProcessLookupError, TimeoutError):
                if self._process.returncode is None:
                    stop()
                async with asyncio.timeout(20):
                    await self._process.wait()
                return

    def failure(self, what: str) -> RuntimeError:
        return RuntimeError(f"{self.name} {what}:\n{self.log.read_text('utf-8', 'replace')[-3000:]}")


@contextlib.asynccontextmanager
async def running(
    name: str, command: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None, talks: bool = True
) -> AsyncIterator[Program]:
    """A child until the end of the block; one that `talks` has its output read, another writes it to the log."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RECADO_")}
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE if talks else DEVNULL,
            stdout=PIPE if talks else output,
            stderr=output,
            limit=_LINE,
            cwd=log.parent,
            preexec_fn=die_with_parent(),
            env={**inherited, **(environment or {})},
        )
    program = Program(name, process, log)
    try:
        yield program
    finally:
        await program.end()
