"""Recado as a person runs it: `recado up` as a child process, spoken to over the owner's socket."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import aiohttp

from recado.domain.errors import RecadoError
from recado.engines.child import die_with_parent
from tests.waiting import until

GUARD = 240.0
TRIES = 3
NO_DATABASE = "The database does not answer."


class Network(Protocol):
    """Where a simulated network is, in this process or not."""

    url: str
    root_key: str


class Phone(Protocol):
    """What can be held to a QR code."""

    async def scan(self, qr: str) -> None: ...


class Product:
    """One `recado up`, which can be killed and started again; what it logs is in `log`."""

    def __init__(self, directory: Path, environment: dict[str, str], program: tuple[str, ...]) -> None:
        self.data = directory / "data"
        self.log = directory / "recado.log"
        self.environment = environment
        self._program = program
        self._process: asyncio.subprocess.Process | None = None
        self._http: aiohttp.ClientSession | None = None

    async def start(self, guard: float = GUARD) -> None:
        """Start it and wait until it is ready; `guard` seconds are only against hanging.

        Where it ends because its database is slow, it is started again, as whatever keeps it running does.
        """
        for tries_left in reversed(range(TRIES)):
            await self._begin()
            try:
                await until(self._is_ready, guard=guard)
            except RuntimeError:
                if not tries_left or NO_DATABASE not in self.log.read_text():
                    raise
            else:
                return

    async def _begin(self) -> None:
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._program,
                "up",
                stdout=output,
                stderr=output,
                env=self.environment,
                preexec_fn=die_with_parent(),
            )

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def host_pid(self) -> int:
        """The engine host that is its child now. Raises LookupError while there is none."""
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                name, _, rest = path.read_text().partition("(")[2].rpartition(")")
            except OSError:
                continue
            if name.startswith("recado-whatsmeo") and int(rest.split()[1]) == self.pid and rest.split()[0] != "Z":
                return int(path.parent.name)
        raise LookupError("there is no engine host")

    async def kill(self) -> None:
        """-9, as a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()
        await self._hang_up()

    async def stop(self) -> int:
        """Ask it to end; its exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        await self._hang_up()
        return await self._process.wait()

    async def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **query: str
    ) -> Any:
        """One API call. Raises RecadoError with the problem's words and status."""
        async with self._client().request(method, path, json=body, headers=headers, params=query) as answer:
            value = await answer.json(content_type=None) if answer.status != 204 else None
            if answer.status >= 400:
                error = RecadoError(value.get("code", ""), value.get("detail", str(value)))
                error.status = answer.status
                raise error
            return value

    @asynccontextmanager
    async def listen(self, query: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A WebSocket on the event stream."""
        async with self._client().ws_connect(f"/v1/events?{query}") as socket:
            yield socket

    async def instance(self, name: str) -> dict[str, Any]:
        return await self.call("GET", f"/v1/instances/{quote(name, safe='')}")

    async def until_state(self, name: str, *states: str) -> dict[str, Any]:
        """The instance's row as soon as it is in one of these states."""

        async def reached() -> dict[str, Any] | None:
            row = await self.instance(name)
            return row if row["state"] in states else None

        return await until(reached, guard=GUARD)

    async def steps(self, name: str) -> list[str]:
        """The states that it came to, the last one first."""
        timeline = await self.call("GET", f"/v1/instances/{quote(name, safe='')}/timeline", limit="500")
        return [entry["state"] for entry in timeline["items"]]

    async def until_step(self, name: str, state: str, seen: int) -> None:
        """Wait until it has come to this state, behind the first `seen` steps of its life."""

        async def has_come() -> bool:
            return state in (await self.steps(name))[:-seen]

        await until(has_come, guard=GUARD)

    async def pair(self, name: str, phone: Phone) -> dict[str, Any]:
        """Create an instance, let the phone scan its QR, wait until it is connected."""
        await self.call("POST", "/v1/instances", {"instance_name": name})
        await self.until_state(name, "awaiting_scan")
        await phone.scan((await self.call("GET", f"/v1/instances/{name}/qr"))["qr"])
        return await self.until_state(name, "connected")

    async def _is_ready(self) -> bool:
        assert self._process is not None
        if self._process.returncode is not None:
            raise RuntimeError(f"recado ended with {self._process.returncode}:\n{self.log.read_text()[-4000:]}")
        try:
            return (await self.call("GET", "/readyz"))["status"] == "ready"
        except (OSError, aiohttp.ClientError, RecadoError):
            await self._hang_up()
            return False

    def _client(self) -> aiohttp.ClientSession:
        if self._http is None:
            # A connection that is used again may have been closed a moment ago, if the machine stood still.
            connector = aiohttp.UnixConnector(str(self.data / "recado.sock"), force_close=True)
            self._http = aiohttp.ClientSession("http://recado", connector=connector)
        return self._http

    async def _hang_up(self) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None


@asynccontextmanager
async def product(
    directory: Path,
    network: Network,
    *,
    program: tuple[str, ...] = ("-m", "recado"),
    **settings: str,
) -> AsyncIterator[Product]:
    """`recado up` against that network, ended at the end; `settings` are RECADO_* without the prefix."""
    chosen = {
        "data_dir": str(directory / "data"),
        "port": "0",
        "engine_network": network.url,
        "engine_root_key": network.root_key,
        "log_format": "json",
        "pace": "off",
    } | settings
    environment = os.environ | {f"RECADO_{name.upper()}": value for name, value in chosen.items()}
    running = Product(directory, environment, program)
    try:
        await running.start()
        yield running
    finally:
        if running._process is not None:
            await running.stop()
