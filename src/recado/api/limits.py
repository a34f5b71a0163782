"""Refuses a request body over the limit before it is read into memory."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import Problem, problem

MAX_BODY_BYTES = 1_048_576


class _Overflow(Exception):
    pass


class BodyLimit:
    """ASGI middleware: 413 at the first byte too many, declared or streamed."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY_BYTES) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self.limit:
            await self._refusal()(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.limit:
                raise _Overflow
            return message

        try:
            await self.app(scope, counted, send)
        except _Overflow:
            await self._refusal()(scope, receive, send)

    def _refusal(self) -> Problem:
        return problem(413, "body_too_large", f"The body is over {self.limit:,} bytes.", "Send less in one request.")
