"""A small webhook receiver on loopback, for the demo: checks each signature as any receiver should."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from aiohttp import web

from recado.domain import signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event whose signature was right."""

    event: dict[str, Any]


class Receiver:
    """Keeps what was delivered; anything with a wrong signature is answered 401."""

    def __init__(self) -> None:
        self.url = ""
        self.secret = ""
        self._news = asyncio.Condition()
        self._deliveries: list[Delivery] = []

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not self._is_ours(request, body):
            return web.Response(status=401)
        async with self._news:
            self._deliveries.append(Delivery(event=orjson.loads(body)))
            self._news.notify_all()
        return web.Response(status=204)

    async def wait_for(self, wa_id: str) -> Delivery:
        """The delivery that speaks of this message of WhatsApp."""
        async with self._news:
            while True:
                for delivery in self._deliveries:
                    if delivery.event["data"].get("wa_id") == wa_id:
                        return delivery
                await self._news.wait()

    def _is_ours(self, request: web.Request, body: bytes) -> bool:
        headers = request.headers
        at = datetime.fromtimestamp(int(headers.get("webhook-timestamp", 0)), UTC)
        right = signature.sign([signature.key_of(self.secret)], headers.get("webhook-id", ""), at, body)
        given = headers.get("webhook-signature", "").split()
        return any(hmac.compare_digest(one, right["webhook-signature"]) for one in given)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens while the block runs."""
    receiver = Receiver()
    application = web.Application()
    application.router.add_post("/", receiver.take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield receiver
    finally:
        await runner.cleanup()
