"""One child process and its three pipes; it never outlives the block that it was spawned in, nor (on Linux) us."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from recado.domain.errors import Misconfigured

_PR_SET_PDEATHSIG = 1
_STDIN_BUFFER_BYTES = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Ears:
    """Who hears a child: its output, its log, and whether it keeps up with what is written to it."""

    stdout: Callable[[bytes], None]
    stderr: Callable[[bytes], None]
    pause: Callable[[], None]
    resume: Callable[[], None]


class Child(asyncio.SubprocessProtocol):
    """A process; `listen` to hear what it writes. `exited` holds its exit code (negative: the signal that ended it)."""

    def __init__(self) -> None:
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._ears: Ears | None = None
        self._unheard: list[tuple[int, bytes]] = []
        self._process: asyncio.SubprocessTransport | None = None
        self._stdin: asyncio.WriteTransport | None = None

    @property
    def pid(self) -> int:
        return self._transport.get_pid()

    def listen(self, ears: Ears) -> None:
        """Hear all that it writes, from its first byte on."""
        self._ears = ears
        for fd, data in self._unheard:
            self.pipe_data_received(fd, data)
        self._unheard.clear()

    def write(self, data: bytes) -> None:
        """To its stdin; dropped when it does not read any more."""
        if self._stdin is not None and not self._stdin.is_closing():
            self._stdin.write(data)

    def close_stdin(self) -> None:
        if self._stdin is not None:
            self._stdin.close()

    async def end(self, patience: timedelta) -> int:
        """Close its stdin, wait, terminate, wait, kill; by pid. Returns the exit code."""
        self.close_stdin()
        for insist in (self._transport.terminate, self._transport.kill):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience.total_seconds()):
                    return await asyncio.shield(self.exited)
            with contextlib.suppress(ProcessLookupError):
                insist()
        return await asyncio.shield(self.exited)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._transport.kill()

    @property
    def _transport(self) -> asyncio.SubprocessTransport:
        if self._process is None:
            raise RuntimeError("the child has not been spawned")
        return self._process

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._process = cast(asyncio.SubprocessTransport, transport)
        self._stdin = cast(asyncio.WriteTransport, self._process.get_pipe_transport(0))
        self._stdin.set_write_buffer_limits(high=_STDIN_BUFFER_BYTES)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if self._ears is None:
            self._unheard.append((fd, data))
        elif fd == 1:
            self._ears.stdout(data)
        else:
            self._ears.stderr(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """All pipes have ended and the process is reaped: nothing that it wrote is still to come."""
        if not self.exited.done():
            self.exited.set_result(self._transport.get_returncode() or 0)

    def pause_writing(self) -> None:
        if self._ears is not None:
            self._ears.pause()

    def resume_writing(self) -> None:
        if self._ears is not None:
            self._ears.resume()


@contextlib.asynccontextmanager
async def spawn(arguments: Sequence[str], environment: Mapping[str, str]) -> AsyncIterator[Child]:
    """Run a program for as long as the block; when the block is left it is killed if it still lives.

    Raises Misconfigured when the program is missing or may not be executed.
    """
    loop = asyncio.get_running_loop()
    try:
        transport, child = await loop.subprocess_exec(
            Child,
            *arguments,
            env=dict(environment),
            preexec_fn=die_with_parent(),
            start_new_session=True,
        )
    except OSError as error:
        raise Misconfigured(
            "engine_missing",
            f"the engine host {arguments[0]} cannot be run: {error.strerror or error}",
            hint="build it with: make engine",
        ) from error
    try:
        yield child
    finally:
        if not child.exited.done():
            child.kill()
            await asyncio.shield(child.exited)
        transport.close()


def die_with_parent() -> Callable[[], None] | None:
    """On Linux the kernel kills the child when we die, even if it hangs; elsewhere it notices that stdin ended."""
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None, use_errno=True).prctl, os.getpid()

    def before_exec() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != parent:
            os._exit(1)

    return before_exec
