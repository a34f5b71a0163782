"""Spawns an engine host and minds it: greets it, keeps its leases alive, starts it again when it dies or hangs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Never, Protocol

import structlog

from recado.clock import Clock
from recado.domain.errors import Misconfigured
from recado.engines.child import Child, Ears, spawn
from recado.engines.host_log import HostLog
from recado.engines.loss import Cause, Loss, cause_of_exit, cause_of_silence, resident_mb
from recado.engines.rpc import Desk, Peer, PeerGone, RpcError
from recado.telemetry import ENGINE_MEMORY

PROTOCOL: Final = 1
_HANGS: Final = "it does not answer"
_TOO_LARGE: Final = "it used too much memory"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class HostProgram:
    """What to run: the engine's name, the command, its whole environment, the directory that files are exchanged in."""

    engine: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    exchange: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long to wait for what. `patience` without an answer to a heartbeat means that the host hangs.

    A host that uses more than `memory_mb` is started anew, at most once in `memory_rest`.
    """

    hello: timedelta = timedelta(seconds=30)
    heartbeat: timedelta = timedelta(seconds=5)
    patience: timedelta = timedelta(seconds=15)
    lease: timedelta = timedelta(seconds=15)
    farewell: timedelta = timedelta(seconds=3)
    restarts: tuple[timedelta, ...] = tuple(timedelta(seconds=s) for s in (0, 1, 2, 5, 10, 20, 30))
    steady_after: timedelta = timedelta(minutes=1)
    memory_mb: int | None = None
    memory_rest: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """How the host introduced itself."""

    engine: str
    version: str
    library: str
    wa_version: str
    capabilities: frozenset[str]
    unanswered_per_session: int
    frame_bytes: int


class HostDesk(Desk, Protocol):
    """Who works with a host."""

    def came(self, hello: Hello) -> None:
        """A host is there; it knows no session yet."""

    def went(self, loss: Loss) -> None:
        """The host is gone, and with it every session."""

    def leases(self) -> dict[str, int]:
        """The sessions to renew with this heartbeat, and their fences."""

    def renewed(self, answer: dict[str, Any]) -> None:
        """What the host said to the last `leases`: `renewed`, `stale`, `unknown`, each a list of sessions."""


class TooLarge(Exception):
    """The host uses more memory than it may."""


class Host:
    """A host that is there as long as `run` lives, except for moments; `call` fails in those with PeerGone."""

    def __init__(self, program: HostProgram, desk: HostDesk, clock: Clock, pace: Pace | None = None) -> None:
        self.program = program
        self.hello: Hello | None = None
        self.pid: int | None = None
        self.last_crash: str | None = None
        self._desk = desk
        self._clock = clock
        self._pace = pace or Pace()
        self._peer: Peer | None = None
        self._renewed_at: datetime | None = None

    async def call(self, method: str, params: dict[str, Any], timeout: timedelta) -> Any:
        """Raises RpcError, PeerGone, FrameTooLarge, TimeoutError."""
        if self._peer is None:
            raise PeerGone("the engine host is not running", was_written=False)
        return await self._peer.call(method, params, timeout)

    async def run(self) -> None:
        """Live until cancelled. Raises Misconfigured when the program cannot be run, or speaks another protocol."""
        check_program(self.program)
        self.program.exchange.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.program.exchange.chmod(0o700)
        failures, has_lived = 0, False
        while True:
            since = self._clock.now()
            try:
                reason = await self._live()
                has_lived = True
            except Misconfigured as error:
                if not has_lived:
                    raise
                reason = error.detail
            failures = 0 if self._clock.now() - since >= self._pace.steady_after else failures
            pause = self._pace.restarts[min(failures, len(self._pace.restarts) - 1)]
            failures += 1
            log.warning("engine.restarting", engine=self.program.engine, reason=reason, in_seconds=pause.seconds)
            await self._clock.sleep(pause)

    async def _live(self) -> str:
        """One life of the host, from spawn to death. Returns why it ended."""
        host_log = HostLog(self.program.engine)
        async with spawn(self.program.arguments, self.program.environment) as child:
            peer = Peer(self._desk, child.write)
            ears = Ears(stdout=peer.feed, stderr=host_log.feed, pause=peer.pause_writing, resume=peer.resume_writing)
            async with asyncio.TaskGroup() as tasks:
                talk = tasks.create_task(peer.run())
                tasks.create_task(_watch(child, peer))
                await asyncio.sleep(0)
                child.listen(ears)
                try:
                    reason = await self._serve(peer, child)
                finally:
                    await self._end(child, peer)
                    talk.cancel()
        self._post_mortem(str(reason), child.exited.result(), host_log)
        if isinstance(reason, Misconfigured):
            raise reason
        return reason

    async def _serve(self, peer: Peer, child: Child) -> str | Misconfigured:
        try:
            hello = await self._greet(peer)
        except Exception as error:
            return _reason_of(error)
        self.hello, self._peer, self.pid = hello, peer, child.pid
        log.info("engine.attached", engine=self.program.engine, pid=child.pid, library=hello.library)
        try:
            self._desk.came(hello)
            await self._beat(peer, child.pid)
        except Exception as error:
            reason = _reason_of(error)
        finally:
            self.hello = self._peer = self.pid = None
        self._desk.went(Loss(reason=str(reason), cause=self._cause(reason, child), in_hand=peer.in_hand))
        if reason == _HANGS:
            child.kill()
        return reason

    def _cause(self, reason: str | Misconfigured, child: Child) -> Cause:
        if reason == _TOO_LARGE:
            self._renewed_at = self._clock.now()
            return "memory"
        if reason == _HANGS:
            return cause_of_silence(child.pid)
        return cause_of_exit(child.exited.result()) if child.exited.done() else "ended"

    async def _greet(self, peer: Peer) -> Hello:
        answer = await peer.call("hello", {"protocol": PROTOCOL, "client": "recado"}, self._pace.hello)
        if not isinstance(answer, dict) or answer.get("protocol") != PROTOCOL:
            spoken = answer.get("protocol") if isinstance(answer, dict) else answer
            raise Misconfigured(
                "engine_protocol",
                f"the engine host {self.program.arguments[0]} speaks protocol {spoken}, Recado speaks {PROTOCOL}",
                hint="build the host that belongs to this version: make engine",
            )
        return _hello_of(answer)

    async def _beat(self, peer: Peer, pid: int) -> Never:
        """Renew leases for ever; ends by the exceptions of `call`, TimeoutError when the host hangs, TooLarge."""
        lease_ms = self._pace.lease // timedelta(milliseconds=1)
        while True:
            params = {"sessions": self._desk.leases(), "lease_ms": lease_ms}
            answer = await peer.call("heartbeat", params, self._pace.patience)
            if isinstance(answer, dict):
                self._desk.renewed(answer)
            self._weigh(pid)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pace.heartbeat.total_seconds()):
                    await peer.gone.wait()

    def _weigh(self, pid: int) -> None:
        """Raises TooLarge when it uses too much memory and has not been started anew for that for a while."""
        used, limit = resident_mb(pid), self._pace.memory_mb
        if used is None:
            return
        ENGINE_MEMORY.labels(engine=self.program.engine).set(used * 2**20)
        if limit is None or used <= limit:
            return
        is_rested = self._renewed_at is None or self._clock.now() - self._renewed_at >= self._pace.memory_rest
        log.warning("engine.too_large", engine=self.program.engine, used_mb=round(used), limit_mb=limit)
        if is_rested:
            raise TooLarge

    async def _end(self, child: Child, peer: Peer) -> None:
        """Ask it to close its sessions and end; whatever it does, it has ended when this returns."""
        patience = self._pace.farewell
        try:
            await peer.call("shutdown", {}, patience)
        except TimeoutError:
            patience /= 10
        except (RpcError, PeerGone):
            pass
        await child.end(patience)

    def _post_mortem(self, reason: str, code: int, host_log: HostLog) -> str:
        report = host_log.report()
        if report:
            self.last_crash = report
        log.error(
            "engine.ended",
            engine=self.program.engine,
            reason=reason,
            exit_code=code,
            last_error=host_log.last_error() or None,
            report=report or None,
        )
        return reason


async def _watch(child: Child, peer: Peer) -> None:
    await asyncio.shield(child.exited)
    peer.hang_up("the engine host has ended")


def _reason_of(error: Exception) -> str | Misconfigured:
    match error:
        case Misconfigured():
            return error
        case TimeoutError():
            return _HANGS
        case TooLarge():
            return _TOO_LARGE
        case PeerGone():
            return "it ended by itself"
        case _:
            return f"{type(error).__name__}: {error}"


def check_program(program: HostProgram) -> None:
    """Raises Misconfigured when the program is not there or may not be executed."""
    path = program.arguments[0]
    if shutil.which(path) is None:
        what = "may not be executed" if os.path.exists(path) else "is not there"
        raise Misconfigured("engine_missing", f"the engine host {path} {what}", hint="build it with: make engine")


def _hello_of(answer: dict[str, Any]) -> Hello:
    limits = answer.get("limits")
    limits = limits if isinstance(limits, dict) else {}
    return Hello(
        engine=str(answer.get("engine", "")),
        version=str(answer.get("version", "")),
        library=str(answer.get("library", "")),
        wa_version=str(answer.get("wa_version", "")),
        capabilities=frozenset(str(name) for name in answer.get("capabilities") or ()),
        unanswered_per_session=int(limits.get("unanswered_per_session", 1)),
        frame_bytes=int(limits.get("frame_bytes", 1_048_576)),
    )
