"""A host is spawned, greeted, minded, and started again; the child is a real process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from recado.clock import SystemClock
from recado.domain.errors import Misconfigured
from recado.engines.host import Hello, Host, HostProgram, Pace
from recado.engines.loss import Loss
from recado.engines.rpc import PeerGone
from tests.waiting import until

TOY = Path(__file__).with_name("toy_host.py")
SOON = timedelta(seconds=20)
CALM = Pace(
    heartbeat=timedelta(milliseconds=20),
    patience=timedelta(minutes=1),
    farewell=timedelta(milliseconds=200),
    restarts=(timedelta(0),),
)
QUICK = replace(CALM, patience=timedelta(milliseconds=300))
"""For a host that does not answer; one that is well may not either, while the machine stands still."""


class Counter:
    """A desk that counts comings and goings."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.losses: list[Loss] = []
        self.changed = asyncio.Event()
        self.held = {"s1": 4}
        self.answers: list[dict[str, Any]] = []

    def _note(self, event: str) -> None:
        self.events.append(event)
        self.changed.set()

    def came(self, hello: Hello) -> None:
        self._note("came")

    def went(self, loss: Loss) -> None:
        self.losses.append(loss)
        self._note(f"went: {loss.reason}")

    def leases(self) -> dict[str, int]:
        return self.held

    def renewed(self, answer: dict[str, Any]) -> None:
        self.answers.append(answer)
        self.changed.set()

    async def request(self, method: str, params: dict[str, Any]) -> Any:
        return {}

    def notification(self, method: str, params: dict[str, Any]) -> None: ...

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


class Recorder(SystemClock):
    """The real clock, which writes down how long it was asked to sleep and does not sleep."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead

    async def sleep(self, duration: timedelta) -> None:
        self.slept.append(duration.total_seconds())
        await asyncio.sleep(0)


def program(tmp_path: Path, behaviour: str = "good", **environment: str) -> HostProgram:
    return HostProgram(
        engine="toy",
        arguments=(sys.executable, str(TOY), behaviour),
        environment={"PATH": os.environ["PATH"], **environment},
        exchange=tmp_path / "exchange",
    )


@contextlib.asynccontextmanager
async def living(host: Host) -> AsyncIterator[None]:
    running = asyncio.ensure_future(host.run())
    try:
        yield
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


def is_alive(pid: int) -> bool:
    """False for one that has ended, reaped or not."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def test_a_host_is_greeted_and_called(tmp_path):
    desk = Counter()
    host = Host(program(tmp_path), desk, SystemClock(), CALM)
    async with living(host):
        await desk.until(lambda: desk.events)
        answer = await host.call("anything", {}, SOON)
        assert (answer, host.hello.engine) == ({"pid": host.pid, "method": "anything"}, "toy")


async def test_a_heartbeat_names_the_sessions_and_their_fences(tmp_path):
    desk = Counter()
    async with living(Host(program(tmp_path), desk, SystemClock(), CALM)):
        await desk.until(lambda: len(desk.answers) >= 3)
    assert desk.answers[0] == {"renewed": ["s1"], "stale": [], "unknown": []}


async def test_the_exchange_directory_is_ours_alone(tmp_path):
    desk = Counter()
    (tmp_path / "exchange").mkdir(mode=0o755)
    async with living(Host(program(tmp_path), desk, SystemClock(), CALM)):
        await desk.until(lambda: desk.events)
    assert stat.S_IMODE((tmp_path / "exchange").stat().st_mode) == 0o700


async def test_a_host_sees_the_environment_it_was_given_and_no_other(tmp_path, monkeypatch):
    monkeypatch.setenv("RECADO_ADMIN_KEY", "secret")
    desk = Counter()
    host = Host(program(tmp_path, DATABASE="postgres://x"), desk, SystemClock(), CALM)
    async with living(host):
        await desk.until(lambda: desk.events)
        seen = await host.call("environment", {}, SOON)
    assert (seen["DATABASE"], "RECADO_ADMIN_KEY" in seen) == ("postgres://x", False)


async def test_a_host_that_is_killed_comes_back(tmp_path):
    desk = Counter()
    host = Host(program(tmp_path), desk, Recorder(), CALM)
    async with living(host):
        await desk.until(lambda: desk.events)
        first = host.pid
        os.kill(first, signal.SIGKILL)
        await desk.until(lambda: len(desk.events) == 3)
        second = await host.call("anything", {}, SOON)
    assert desk.events == ["came", "went: it ended by itself", "came"]
    assert second["pid"] != first


async def test_a_call_under_way_when_the_host_dies_fails_and_was_written(tmp_path):
    desk = Counter()
    host = Host(program(tmp_path), desk, Recorder(), CALM)
    async with living(host):
        await desk.until(lambda: desk.events)
        with pytest.raises(PeerGone) as caught:
            await host.call("panic", {}, SOON)
    assert caught.value.was_written


async def test_a_call_without_a_host_fails_and_was_not_written(tmp_path):
    host = Host(program(tmp_path), Counter(), SystemClock(), CALM)
    with pytest.raises(PeerGone) as caught:
        await host.call("anything", {}, SOON)
    assert not caught.value.was_written


async def test_a_host_that_does_not_answer_its_heartbeat_is_killed_and_comes_back(tmp_path):
    desk = Counter()
    host = Host(program(tmp_path, "hangs"), desk, Recorder(), QUICK)
    async with living(host):
        await desk.until(lambda: len(desk.events) >= 3)
    assert desk.events[:3] == ["came", "went: it does not answer", "came"]


async def test_a_stopped_host_is_killed_and_comes_back(tmp_path):
    desk = Counter()
    host = Host(program(tmp_path), desk, Recorder(), QUICK)
    async with living(host):
        await desk.until(lambda: desk.events)
        first = host.pid
        os.kill(first, signal.SIGSTOP)
        await desk.until(lambda: len(desk.events) >= 3)
        assert not is_alive(first)


async def test_whose_fault_it_is_that_a_host_is_gone(tmp_path):
    desk = Counter()
    calm = replace(CALM, patience=timedelta(seconds=5))  # one heartbeat may be under way when it is stopped
    host = Host(program(tmp_path), desk, Recorder(), calm)
    async with living(host):
        for number, count in ((signal.SIGKILL, 1), (signal.SIGSEGV, 2), (signal.SIGSTOP, 3)):
            await until(lambda: host.pid)
            os.kill(host.pid, number)
            host._pace = QUICK if number == signal.SIGSTOP else calm
            await desk.until(lambda count=count: len(desk.losses) == count)
            host._pace = calm
        await until(lambda: host.pid)
        with pytest.raises(PeerGone):
            await host.call("panic", {"session": "s9"}, SOON)
        await desk.until(lambda: len(desk.losses) == 4)
    assert [loss.cause for loss in desk.losses] == ["ended", "crash", "ended", "crash"]
    assert [loss.in_hand for loss in desk.losses] == [frozenset()] * 3 + [{"s9"}]


async def test_a_host_that_hangs_by_itself_is_to_blame(tmp_path):
    desk = Counter()
    async with living(Host(program(tmp_path, "hangs"), desk, Recorder(), QUICK)):
        await desk.until(lambda: desk.losses)
    assert desk.losses[0].cause == "hang"


async def test_a_host_over_its_memory_is_started_anew_once_in_an_hour(tmp_path):
    desk, clock = Counter(), Recorder()
    async with living(Host(program(tmp_path), desk, clock, replace(CALM, memory_mb=1))):
        await desk.until(lambda: desk.losses)
        await desk.until(lambda: len(desk.answers) >= 5)
        assert desk.events == ["came", "went: it used too much memory", "came"]
        clock.ahead = timedelta(hours=1)
        await desk.until(lambda: len(desk.losses) == 2)
    assert [loss.cause for loss in desk.losses] == ["memory", "memory"]


async def test_the_pauses_before_restarts_grow_and_stay_at_the_last(tmp_path):
    desk, clock = Counter(), Recorder()
    pace = Pace(restarts=tuple(timedelta(seconds=s) for s in (0, 1, 2, 5)), farewell=timedelta(seconds=1))
    async with living(Host(program(tmp_path, "dies_at_once"), desk, clock, pace)):
        await until(lambda: len(clock.slept) >= 5)
    assert clock.slept[:5] == [0, 1, 2, 5, 5]


async def test_a_panic_is_kept_as_a_report(tmp_path):
    desk = Counter()
    host = Host(program(tmp_path), desk, Recorder(), CALM)
    async with living(host):
        await desk.until(lambda: desk.events)
        with pytest.raises(PeerGone):
            await host.call("panic", {}, SOON)
        await desk.until(lambda: len(desk.events) >= 3)
    assert host.last_crash == "panic: oh no\n\ngoroutine 1 [running]:\nmain.main()"


async def test_log_lines_of_the_host_become_log_events_of_ours(tmp_path):
    desk = Counter()
    with structlog.testing.capture_logs() as logs:
        async with living(Host(program(tmp_path), desk, SystemClock(), CALM)):
            await desk.until(lambda: desk.events)
    [entry] = [one for one in logs if one["event"] == "engine.log"]
    assert entry == {
        "event": "engine.log",
        "engine": "toy",
        "log_level": "warning",
        "message": "a toy starts",
        "session": "s1",
        "host_event": "odd",
    }


async def test_nonsense_on_stdout_does_not_end_the_host(tmp_path):
    desk = Counter()
    host = Host(program(tmp_path, "writes_early"), desk, SystemClock(), CALM)
    async with living(host):
        await desk.until(lambda: desk.events)
        assert (await host.call("anything", {}, SOON))["pid"] == host.pid


@pytest.mark.parametrize("behaviour", ["good", "deaf", "stubborn"])
async def test_an_end_leaves_no_process(tmp_path, behaviour):
    desk = Counter()
    host = Host(program(tmp_path, behaviour), desk, SystemClock(), CALM)
    async with living(host):
        await desk.until(lambda: desk.events)
        pid = host.pid
    assert not is_alive(pid)
    assert desk.events == ["came"]


async def test_a_missing_program_is_one_sentence_that_says_how_to_build_it(tmp_path):
    missing = HostProgram(engine="toy", arguments=("/nowhere/recado-x",), environment={}, exchange=tmp_path)
    with pytest.raises(Misconfigured) as caught:
        await Host(missing, Counter(), SystemClock(), CALM).run()
    assert caught.value.detail == "the engine host /nowhere/recado-x is not there"
    assert "make engine" in caught.value.hint


async def test_a_program_that_may_not_be_executed_is_said_so(tmp_path):
    (tmp_path / "host").write_text("#!/bin/sh\n")
    odd = HostProgram(engine="toy", arguments=(str(tmp_path / "host"),), environment={}, exchange=tmp_path)
    with pytest.raises(Misconfigured, match="may not be executed"):
        await Host(odd, Counter(), SystemClock(), CALM).run()


async def test_a_file_that_is_no_program_is_one_sentence_too(tmp_path):
    (tmp_path / "host").write_bytes(b"\0\1\2")
    (tmp_path / "host").chmod(0o755)
    odd = HostProgram(engine="toy", arguments=(str(tmp_path / "host"),), environment={}, exchange=tmp_path)
    with pytest.raises(Misconfigured, match="cannot be run"):
        await Host(odd, Counter(), SystemClock(), CALM).run()


async def test_a_host_of_another_protocol_is_refused(tmp_path):
    with pytest.raises(Misconfigured, match="speaks protocol 2, Recado speaks 1"):
        await Host(program(tmp_path, "other_protocol"), Counter(), SystemClock(), CALM).run()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a parent-death signal")
async def test_a_deaf_host_dies_with_us_even_when_we_are_killed(tmp_path):
    script = f"""
import asyncio, sys
from recado.engines.child import spawn
async def main():
    async with spawn([sys.executable, {str(TOY)!r}, "deaf"], {{}}) as child:
        print(child.pid, flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": "src"}
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    await until(lambda: not is_alive(child))
