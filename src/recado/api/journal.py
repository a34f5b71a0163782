"""One log line and one count for each request: never a query string, a header or a body, which may hold secrets."""

from __future__ import annotations

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recado.telemetry import REQUESTS

from . import problems

log = structlog.get_logger(__name__)


class Journal:
    """ASGI middleware. What no handler has foreseen is logged here with its traceback and answered with a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", ()))
                message["headers"] = headers + [one for one in _SAFE if one[0] not in dict(headers)]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception as error:
            log.error("api.failed", method=scope["method"], path=scope["path"], exc_info=error)
            if status:
                raise
            await problems.unexpected()(scope, receive, noted)
        finally:
            REQUESTS.labels(method=scope["method"], status=str(status)).inc()
            log.info(
                "api.request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )


_SAFE = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]
