"""A receiver of webhooks on loopback that keeps what it got and answers as the test wishes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

Answering = Callable[["Received"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    headers: dict[str, str] = field(repr=False)
    body: bytes
    request: web.Request = field(repr=False)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


async def ok(_: Received) -> web.StreamResponse:
    return web.Response(text="fine")


def answering(status: int, text: str = "", **headers: str) -> Answering:
    async def answer(_: Received) -> web.StreamResponse:
        return web.Response(status=status, text=text, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return answer


class Receiver:
    """`got` in the order in which requests arrived; `answer` can be changed at any time."""

    def __init__(self, answer: Answering) -> None:
        self.answer = answer
        self.got: list[Received] = []
        self.url = ""
        self._changed = asyncio.Condition()
        self._is_over = asyncio.Event()

    async def silence(self, _: Received) -> web.StreamResponse:
        """An answer that never comes."""
        await self._is_over.wait()
        return web.Response(status=500)

    def end(self) -> None:
        self._is_over.set()

    async def until(self, is_so: Callable[[list[Received]], bool]) -> list[Received]:
        """Wait for what has been received to be as told; the limit guards against hanging only."""
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: is_so(self.got))
        return self.got

    async def count(self, number: int) -> list[Received]:
        return await self.until(lambda got: len(got) >= number)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        received = Received(
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
            request=request,
        )
        async with self._changed:
            self.got.append(received)
            self._changed.notify_all()
        return await self.answer(received)


@contextlib.asynccontextmanager
async def receiving(answer: Answering = ok, host: str = "127.0.0.1") -> AsyncIterator[Receiver]:
    """A receiver that listens until the end of the block."""
    receiver = Receiver(answer)
    application = web.Application(client_max_size=64 * 1024 * 1024)
    application.router.add_route("*", "/{path:.*}", receiver._handle)
    runner = web.AppRunner(application, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, host, 0)
    await site.start()
    port = runner.addresses[0][1]
    receiver.url = f"http://{host}:{port}/hook"
    try:
        yield receiver
    finally:
        receiver.end()
        await runner.cleanup()


@contextlib.asynccontextmanager
async def raw_server(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """A TCP server that says what no proper HTTP server would; gives its URL."""

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(session, "127.0.0.1", 0)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(server.close)
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
