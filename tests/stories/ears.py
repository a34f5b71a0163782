"""Listening in a story: a webhook receiver, and waiting for what has come."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.stories.product import Product
from tests.waiting import until


class Receiver:
    """Keeps headers and body of all that was posted to `url`."""

    def __init__(self) -> None:
        self.url = ""
        self.got: list[tuple[dict[str, str], bytes]] = []

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((headers, await request.read()))
        return web.Response(status=204)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    application = web.Application(client_max_size=8 * 1024 * 1024)
    application.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def heard(receiver: Receiver, type: str) -> dict[str, Any]:
    """The first event of this type that was posted."""
    return (await until(lambda: [event for event in receiver.events if event["type"] == type]))[0]


async def received(recado: Product, count: int, name: str = "loja") -> list[dict[str, Any]]:
    """The messages that came in, as soon as there are so many."""

    async def enough() -> list[dict[str, Any]] | None:
        page = await recado.call("GET", f"/v1/instances/{name}/messages", limit="500")
        came = [message for message in page["items"] if not message["from_me"]]
        return came if len(came) >= count else None

    return await until(enough)
