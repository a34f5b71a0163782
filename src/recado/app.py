"""The web application, and the two places where it listens: a TCP port, and a socket for the machine's owner."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import uvicorn
from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from recado.api import (
    chats,
    contacts,
    conversing,
    events,
    groups,
    health,
    history,
    instances,
    keys,
    messages,
    pairing,
    pictures,
    problems,
    reference,
    sending,
    shapes,
    webhooks,
)
from recado.api.journal import Journal
from recado.api.limits import BodyLimit
from recado.domain.errors import Misconfigured
from recado.services.all import Services
from recado.settings import Settings, local_socket
from recado.web import site

_FAREWELL_SECONDS: Final = 5
_TAKES_NOTHING_MS: Final = 60_000
_SENT_BY_BROWSERS: Final = ["Authorization", "X-API-Key", "Content-Type", "Idempotency-Key", "Last-Event-ID"]
_SEEN_BY_BROWSERS: Final = ["Idempotent-Replayed", "Expires-At", "Retry-After"]
_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "What is wrong and what to do",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


def create_app(services: Services, settings: Settings) -> FastAPI:
    """The application over services that somebody else keeps running."""
    app = FastAPI(
        title="Recado",
        version=version("recado"),
        description="Any number of WhatsApp numbers: one API, one database that tells the truth, nothing lost.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    problems.install(app)
    app.router.routes.extend(_routes())
    site.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Journal)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["GET", "POST", "PATCH", "DELETE"],
        allow_headers=_SENT_BY_BROWSERS,
        expose_headers=_SEEN_BY_BROWSERS,
    )
    _describe(app)
    return app


@functools.cache
def _routes() -> list[BaseRoute]:
    """Of the API and of the pages: drawn up once a process, as FastAPI takes a tenth of a second to draw them up."""
    router = APIRouter(responses=_ANSWER)
    conversations = (sending, messages, chats, contacts, history, groups, pictures, conversing)
    for noun in (instances, pairing, *conversations, webhooks, events, keys, health, reference):
        router.include_router(noun.router)
    for page in site.ROUTERS:
        router.include_router(page, include_in_schema=False)
    return router.routes


def _describe(app: FastAPI) -> None:
    """Put the shape of problems into the OpenAPI document, which every operation refers to."""
    draw = app.openapi

    def openapi() -> dict[str, Any]:
        document = draw()
        document["components"]["schemas"]["Problem"] = shapes.Problem.model_json_schema()
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents


class _OwnersDoor:
    """The application for requests over the owner's socket: they need no key."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app({**scope, "recado.is_local": True}, receive, send)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Where Recado can be reached: `address` as a URL, `port` as it really is, `path` of the owner's socket."""

    address: str
    port: int
    path: Path
    public: socket.socket
    private: socket.socket


@contextlib.contextmanager
def bound(settings: Settings) -> Iterator[Doors]:
    """Take both places; who knocks before `serve` waits. Raises Misconfigured when one cannot be had."""
    path = local_socket(settings)
    with _tcp(settings.host, settings.port) as public, _unix(path) as private:
        port = public.getsockname()[1]
        address = f"http://{_shown(settings.host)}:{port}"
        yield Doors(address=address, port=port, path=path, public=public, private=private)


async def serve(app: FastAPI, doors: Doors, *, before_leaving: Callable[[], None]) -> None:
    """Answer at both places until cancelled; then, after `before_leaving`, finish what is in hand, for at most 5 s."""
    servers = {_server(app): doors.public, _server(_OwnersDoor(app)): doors.private}
    lives = [asyncio.ensure_future(server.serve(sockets=[listener])) for server, listener in servers.items()]
    try:
        await asyncio.wait(lives, return_when=asyncio.FIRST_COMPLETED)
    finally:
        before_leaving()
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*lives)


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the program."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: ASGIApp) -> _Server:
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=64 * 1024,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_FAREWELL_SECONDS,
    )
    return _Server(config)


@contextlib.contextmanager
def _tcp(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # Each connection inherits it: a client that takes nothing is cut off by the kernel.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _TAKES_NOTHING_MS)
        try:
            listener.bind((host, port))
            listener.listen(2048)
        except OSError as error:
            raise Misconfigured(
                "port_taken",
                f"Recado cannot listen on {_shown(host)}:{port}: {(error.strerror or str(error)).lower()}.",
                hint="End what uses the port, or choose another with RECADO_PORT (RECADO_HOST for the address).",
            ) from None
        yield listener


@contextlib.contextmanager
def _unix(path: Path) -> Iterator[socket.socket]:
    _check_private(path.parent)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    with listener:
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        except OSError as error:
            raise Misconfigured(
                "socket_failed",
                f"Recado cannot make its socket {path}: {(error.strerror or str(error)).lower()}.",
                hint="Choose another, shorter RECADO_DATA_DIR.",
            ) from None
        finally:
            os.umask(before)
        listener.listen(128)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


def _check_private(directory: Path) -> None:
    """A socket outside of the data directory stands where others may have been first."""
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise Misconfigured(
            "socket_dir_not_private",
            f"The directory {directory}, meant for Recado's socket, can be entered by others.",
            hint="Remove it, or choose a shorter RECADO_DATA_DIR.",
        )


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
