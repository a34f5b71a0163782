"""Webhook receivers with moods, which remember what they have taken, in which order, and what came again."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import web

from tests.ports import free_port

SLOW = 3.0  # seconds


@dataclass(slots=True, eq=False)
class Hook:
    """One receiver; `mood` "" is well.

    An event is *taken* when its receiver has dealt with it, whatever becomes of the answer. `taken` are the positions
    in the order of their first taking, `ids` the event's id at each.
    """

    name: str
    runner: web.AppRunner
    url: str = ""
    mood: str = ""
    taken: list[int] = field(default_factory=list)
    ids: dict[int, str] = field(default_factory=dict)
    repeats: int = 0
    offences: list[str] = field(default_factory=list)
    _held: _Held | None = None

    @contextlib.asynccontextmanager
    async def feeling(self, mood: str) -> AsyncIterator[None]:
        """One of `plan.MOODS` while the block lasts. Who is down does not even listen."""
        self.mood = mood
        if mood == "down":
            await asyncio.gather(*(site.stop() for site in self.runner.sites))
        try:
            yield
        finally:
            self.mood = ""
            if not self.runner.sites:
                await self.listen()

    async def listen(self) -> None:
        """Always on the same port, which nobody gets meanwhile."""
        port = urlsplit(self.url).port or free_port()
        await web.TCPSite(self.runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}/{self.name}"

    @contextlib.asynccontextmanager
    async def holding_one(self) -> AsyncIterator[_Held]:
        """The next event is not answered while the block lasts, and its connection is then cut: it was not taken."""
        self._held = held = _Held()
        try:
            yield held
        finally:
            held.over.set()
            self._held = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        position, id = _read(body, request.headers["webhook-id"])
        if self._held is not None and self._held.wants(position):
            self._held.arrived(position)
            await self._held.over.wait()
            return _cut(request)
        return await self._in_its_mood(request, position, id)

    async def _in_its_mood(self, request: web.Request, position: int, id: str) -> web.StreamResponse:
        match self.mood:
            case "down" | "reset before":
                return _cut(request)
            case "failing":
                return web.Response(status=500)
            case "slow":
                await asyncio.sleep(SLOW)
            case "reset after":
                self.take(position, id)
                return _cut(request)
        self.take(position, id)
        return web.Response(status=204)

    def take(self, position: int, id: str) -> None:
        """Note that it has been dealt with."""
        known = self.ids.setdefault(position, id)
        if known != id:
            self.offences.append(f"{self.name}: position {position} came as {known} and as {id}")
        elif len(self.ids) == len(self.taken):
            self.repeats += 1
        else:
            self.taken.append(position)


class _Held:
    """Waits for one event, holds it, and knows which one it was."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.position: int | None = None
        self._has_come = asyncio.Event()

    def wants(self, position: int) -> bool:
        return self.position in (None, position)

    def arrived(self, position: int) -> None:
        self.position = position
        self._has_come.set()

    async def come(self) -> int:
        """The position of the event that is held, once there is one."""
        await self._has_come.wait()
        assert self.position is not None
        return self.position


def _read(body: bytes, header: str) -> tuple[int, str]:
    event = json.loads(body)
    return event["seq"], event["id"] if event["id"] == header else f"{event['id']} under {header}"


def _cut(request: web.Request) -> web.StreamResponse:
    """No answer at all: the connection is reset."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


@contextlib.asynccontextmanager
async def hooks(count: int) -> AsyncIterator[list[Hook]]:
    """So many receivers."""
    async with contextlib.AsyncExitStack() as stack:
        yield [await _hook(stack, f"hook-{n}") for n in range(count)]


async def _hook(stack: contextlib.AsyncExitStack, name: str) -> Hook:
    application = web.Application(client_max_size=8 * 1024 * 1024)
    hook = Hook(name, web.AppRunner(application, shutdown_timeout=0))
    application.router.add_post("/{name}", hook.handle)
    await hook.runner.setup()
    stack.push_async_callback(hook.runner.cleanup)
    await hook.listen()
    return hook
