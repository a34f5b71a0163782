"""The server: the port on which clients find the network and its media."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING

from aiohttp import web

from recado_simulator.connection import Connection
from recado_simulator.frames import LARGEST

if TYPE_CHECKING:
    from recado_simulator.network import Network

LARGEST_MESSAGE = 2 * LARGEST
LARGEST_UPLOAD = 128 * 1024 * 1024
CLOSE_WITHIN = 1.0  # seconds for the client to answer a close


class Server:
    """`/ws/chat` for stanzas, `/mms/…` for uploads, everything else is a direct path."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._connections: set[Connection] = set()
        app = web.Application(client_max_size=LARGEST_UPLOAD)
        app.router.add_get("/ws/chat", self._chat)
        app.router.add_post("/mms/{kind}/{token}", self._upload)
        app.router.add_delete("/mms/{kind}/{token}", self._remove)
        app.router.add_get("/{path:.*}", self._download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_WITHIN)

    async def start(self, port: int) -> int:
        """Listens on loopback; returns the port."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        address: tuple[str, int] = self._runner.addresses[0]
        return address[1]

    async def stop(self) -> None:
        for connection in list(self._connections):
            connection.cut()
        await self._runner.cleanup()

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        transport = request.transport
        if transport is None or self._network.faults.refuses_connections:
            if transport is not None:
                transport.abort()
            return web.Response(status=503)
        socket = web.WebSocketResponse(
            compress=False, max_msg_size=LARGEST_MESSAGE, timeout=CLOSE_WITHIN, decode_text=False
        )
        await socket.prepare(request)
        connection = Connection(self._network, socket, transport)
        self._connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)
        return socket

    async def _upload(self, request: web.Request) -> web.Response:
        path = self._network.shelf.put(request.match_info["kind"], await request.read())
        return web.json_response({"url": f"https://{self._network.host}{path}", "direct_path": path})

    async def _download(self, request: web.Request) -> web.Response:
        data = self._network.shelf.get(request.path)
        self._network.ledger.changed()
        return web.Response(status=404) if data is None else web.Response(body=data)

    async def _remove(self, request: web.Request) -> web.Response:
        named = request.query.get("d_md", "")
        path = urlsafe_b64decode(named + "=" * (-len(named) % 4)).decode(errors="replace")
        self._network.shelf.remove(path)
        self._network.ledger.changed()
        return web.Response()
