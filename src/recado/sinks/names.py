"""Names looked up by the system's resolver, each in a thread of its own, so that one that hangs delays no other."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

Lookup: TypeAlias = Callable[[str], Awaitable[list[str]]]
"""A host to its addresses as text, best first; raises OSError when it has none."""


async def system_lookup(host: str) -> list[str]:
    """Ask the system. A caller that stops waiting leaves the thread to end by the resolver's own time limit."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()
    threading.Thread(target=_look_up, args=(host, loop, answer), name=f"lookup {host}", daemon=True).start()
    return await answer


def _look_up(host: str, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[list[str]]) -> None:
    result: list[str] | OSError
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        result = list(dict.fromkeys(str(address[0]) for *_, address in found))
    except (OSError, UnicodeError) as error:
        result = error if isinstance(error, OSError) else OSError(f"{host} is not a name")
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(_settle, answer, result)


def _settle(answer: asyncio.Future[list[str]], result: list[str] | OSError) -> None:
    if answer.done():
        return
    if isinstance(result, OSError):
        answer.set_exception(result)
    else:
        answer.set_result(result)


class Resolver(AbstractResolver):
    """A lookup in the form that aiohttp's connector takes; the connector asks once for all who wait for a name."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in await self._lookup(host)
        ]

    async def close(self) -> None:
        pass
