"""The two that are measured: the bare engine host with a consumer that only answers, and Recado."""

from __future__ import annotations

import contextlib
import json
import secrets
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from recado.engines.binary import find_binary
from recado.engines.whatsmeow_program import WhatsmeowOptions, whatsmeow_program

from .network import Network
from .postgres import ask
from .posting import post_all
from .processes import child_named
from .product import Product, product
from .program import Program, running
from .worlds import World

HOST: Final = "recado-whatsmeow"
POOL: Final = 8
_DELETE_WEBHOOKS: Final = "DELETE FROM recado.webhooks"
_CONNECTED: Final = (
    "SELECT count(*), max(since) FROM public.whatsapp_instances WHERE status = 'connected' AND since > to_timestamp(%s)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One message to be sent; `to` is a JID."""

    session: str
    name: str
    to: str
    text: str


class Running(Protocol):
    """A subject at work. `pids` names its own processes."""

    @property
    def pids(self) -> Mapping[str, int]: ...

    async def connected(self, count: int) -> float | None:
        """When the last of `count` sessions was connected (seconds since 1970); None while some are missing."""

    async def send(self, texts: Sequence[Text], at_once: int) -> None:
        """Hand them all over, so many at a time."""


class Subject(Protocol):
    """Something that can be put between a network and a database."""

    name: str
    has_webhook: bool

    def up(
        self, directory: Path, net: Network, url: str, world: World
    ) -> contextlib.AbstractAsyncContextManager[Running]: ...


class RunningCeiling:
    def __init__(self, program: Program, host: int) -> None:
        self.pids = {"host": host, "consumer": program.pid}
        self._program = program
        self._connected: float | None = None

    async def connected(self, count: int) -> float | None:
        if self._connected is None:
            self._connected = (await self._program.hear())["connected"]
        return self._connected

    async def send(self, texts: Sequence[Text], at_once: int) -> None:
        messages = [[text.session, f"3EB0{secrets.token_hex(9).upper()}", text.to, text.text] for text in texts]
        await self._program.ask(json.dumps({"messages": messages, "at_once": at_once}))


class CeilingSubject:
    """The engine host alone, with the flags that Recado gives it."""

    name = "engine"
    has_webhook = False

    @contextlib.asynccontextmanager
    async def up(self, directory: Path, net: Network, url: str, world: World) -> AsyncIterator[Running]:
        options = WhatsmeowOptions(pool=POOL, network=net.url, root_key=net.root_key)
        host = whatsmeow_program(find_binary(None), url, directory / "exchange", options)
        command = [*host.arguments, "--silence", "1h"]
        order = json.dumps({"command": command, "sessions": [session.id for session in world.sessions]})
        arguments = (sys.executable, str(Path(__file__).with_name("ceiling.py")), order)
        host.exchange.mkdir(mode=0o700, exist_ok=True)
        log = directory / "engine.log"
        async with running("the engine host", arguments, log, environment=host.environment) as program:
            yield RunningCeiling(program, (await program.hear())["host"])


class RunningProduct:
    def __init__(self, up: Product, url: str, since: float) -> None:
        self.pids = {"host": child_named(up.program.pid, HOST), "python": up.program.pid}
        self._up = up
        self._url = url
        self._since = since

    async def connected(self, count: int) -> float | None:
        self._up.program.check()
        ((found, last),) = await ask(self._url, _CONNECTED, self._since)
        return last.timestamp() if found == count else None

    async def pieces(self, name: str) -> list[dict[str, Any]]:
        """Of the history that the instance's phone hands over."""
        self._up.program.check()
        return list((await self._up.api.call("GET", f"/v1/instances/{name}/history?limit=100"))["pieces"])

    async def send(self, texts: Sequence[Text], at_once: int) -> None:
        requests = [(f"/v1/instances/{text.name}/messages", {"to": text.to, "text": text.text}) for text in texts]
        await post_all(self._up.socket, requests, at_once)


class ProductSubject:
    """`recado up`, with its webhook or without."""

    def __init__(self, *, has_webhook: bool) -> None:
        self.name = "recado+webhook" if has_webhook else "recado"
        self.has_webhook = has_webhook

    @contextlib.asynccontextmanager
    async def up(self, directory: Path, net: Network, url: str, world: World) -> AsyncIterator[Running]:
        if not self.has_webhook:
            await ask(url, _DELETE_WEBHOOKS)
        since = time.time()
        async with product(directory, net, url) as up:
            yield RunningProduct(up, url, since)
