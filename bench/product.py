"""Recado as a person runs it, `recado up`, spoken to over its owner's socket."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from .network import Network
from .program import Program, running
from .waiting import until


class Api:
    """Calls over the owner's socket."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Raises RuntimeError with the problem's words."""
        async with self._session.request(method, path, json=body) as answer:
            value = await answer.json(content_type=None)
            if answer.status >= 400:
                raise RuntimeError(f"{method} {path}: {value.get('detail', value)}")
            return value

    async def until_state(self, name: str, state: str) -> None:
        async def is_there() -> bool:
            return bool((await self.call("GET", f"/v1/instances/{quote(name)}"))["state"] == state)

        await until(is_there)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A running one; `socket` is where its owner reaches it."""

    program: Program
    api: Api
    socket: Path


@contextlib.asynccontextmanager
async def product(directory: Path, net: Network, database_url: str) -> AsyncIterator[Product]:
    """One `recado up` on that database and network, ready; ended, and its data directory removed, after the block."""
    data = directory / "recado"
    settings = {
        "RECADO_DATABASE_URL": database_url,
        "RECADO_DATA_DIR": str(data),
        "RECADO_PORT": "0",
        "RECADO_ENGINE_NETWORK": net.url,
        "RECADO_ENGINE_ROOT_KEY": net.root_key,
        "RECADO_ALLOW_PRIVATE_WEBHOOKS": "127.0.0.1",
        "RECADO_LOG_FORMAT": "json",
        "RECADO_PACE": "off",
    }
    command = (sys.executable, "-m", "recado", "up")
    log = directory / "recado.log"
    connector = aiohttp.UnixConnector(str(data / "recado.sock"))
    try:
        async with (
            running("recado", command, log, environment=settings, talks=False) as program,
            aiohttp.ClientSession("http://recado", connector=connector) as session,
        ):
            api = Api(session)
            await until(partial(_is_ready, program, api))
            yield Product(program=program, api=api, socket=data / "recado.sock")
    finally:
        shutil.rmtree(data, ignore_errors=True)


async def _is_ready(program: Program, api: Api) -> bool:
    program.check()
    try:
        return bool((await api.call("GET", "/readyz"))["status"] == "ready")
    except (OSError, aiohttp.ClientError, RuntimeError):
        return False
