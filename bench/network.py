"""The simulated network as a child process, driven over its control API."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from recado_simulator import ScanRefused

from .program import Program, running

_LOOKS_EVERY: Final = 0.25  # seconds; each look costs the simulator some ms
STALLS_AFTER: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """`url` and `root_key` are for the engine host; `control` is the address of its control API."""

    url: str
    root_key: str
    control: str
    program: Program
    _http: aiohttp.ClientSession

    @property
    def pid(self) -> int:
        return self.program.pid

    async def get(self, path: str, **query: str) -> Any:
        return await self._call("GET", path, None, query)

    async def post(self, path: str, **body: Any) -> Any:
        return await self._call("POST", path, body, {})

    async def until(self, count: str, wanted: int) -> None:
        """Wait until so many messages are `confirmed` or `acked`. Raises TimeoutError when nothing moves any more."""
        reached, patience = -1, asyncio.get_running_loop().time() + STALLS_AFTER
        while reached < wanted:
            await asyncio.sleep(_LOOKS_EVERY)
            counts = await self.get("/ledger/counts")
            now = asyncio.get_running_loop().time()
            if counts[count] > reached:
                reached, patience = counts[count], now + STALLS_AFTER
            elif now > patience:
                raise TimeoutError(f"nothing moves at the network: {counts}")

    async def rows(self, direction: str) -> list[dict[str, Any]]:
        """The ledger's rows of one direction, `in` or `out`."""
        return [row for row in (await self.get("/ledger"))["rows"] if row["direction"] == direction]

    async def _call(self, method: str, path: str, body: Any, query: dict[str, str]) -> Any:
        """Raises ScanRefused with the phone's reason, RuntimeError for all else that is refused."""
        async with self._http.request(method, path, json=body, params=query) as answer:
            value = await answer.json()
            if answer.status == 409:
                raise ScanRefused(value["error"])
            if answer.status >= 400:
                raise RuntimeError(f"{method} {path}: {value['error']}")
            return value


@contextlib.asynccontextmanager
async def network(state: Path, log: Path, *, keeps: bool = False) -> AsyncIterator[Network]:
    """A network that begins where `state` was left; only one that `keeps` writes there, at its end."""
    script = str(Path(sys.executable).with_name("recado-simulator"))
    command = (script, "serve", "--state", str(state), "--save", "end" if keeps else "never", "--seed", "11")
    async with running("the simulator", command, log) as program:
        told = await program.hear()
        async with aiohttp.ClientSession(told["control"], timeout=aiohttp.ClientTimeout(total=300)) as http:
            where = {"url": told["network"], "root_key": told["root_key"], "control": told["control"]}
            yield Network(**where, program=program, _http=http)
