"""Refuses a request body over the limit before it is read into memory."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES: Final = 1_048_576
_MOST_DIGITS: Final = 15


class BodyLimit:
    """ASGI middleware: who reads the body gets HTTPException 413 at the first byte too many, declared or streamed."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY_BYTES) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_over = self._declares_more(dict(scope["headers"]).get(b"content-length", b""))
        read = 0

        async def counted() -> Message:
            nonlocal read
            if is_over:
                raise self._refusal()
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.limit:
                raise self._refusal()
            return message

        await self.app(scope, counted, send)

    def _declares_more(self, length: bytes) -> bool:
        return length.isdigit() and (len(length) > _MOST_DIGITS or int(length) > self.limit)

    def _refusal(self) -> HTTPException:
        return HTTPException(413, f"The body is over {self.limit:,} bytes.")
