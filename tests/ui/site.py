"""Recado with its pages on a simulated network: `recado up` on a fixed port, so that it may be killed and come back."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.stories.product import Product, product
from tests.ui.network import Network, network

_PORTS: Final = range(20_000, 30_000)  # the system gives none of these to those who take any


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """`origin` is where the browser finds it."""

    product: Product
    network: Network
    origin: str

    @property
    def logs(self) -> tuple[Path, ...]:
        return self.product.log, self.network.log

    async def link(self) -> str:
        """A link that signs in as the administrator, once."""
        url: str = (await self.product.call("GET", "/sign-in/link"))["url"]
        return url


@asynccontextmanager
async def site(directory: Path, database_url: str, **settings: str) -> AsyncIterator[Site]:
    """`settings` are RECADO_* without the prefix."""
    port = _free_port()
    async with network(directory) as simulated:
        chosen = {"port": str(port), "database_url": database_url, "allow_private_webhooks": "127.0.0.1"} | settings
        async with product(directory, simulated, **chosen) as running:
            yield Site(product=running, network=simulated, origin=f"http://127.0.0.1:{port}")


def _free_port() -> int:
    """One that nobody takes while Recado is down: processes that run at the same time begin at different ones."""
    return next(port for n in range(len(_PORTS)) if _is_free(port := _PORTS[(os.getpid() + n) % len(_PORTS)]))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
