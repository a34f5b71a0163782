"""A JSON-RPC 2.0 peer: one JSON object a line, requests both ways, many in flight.

It knows no pipe and no process: bytes are fed in, bytes are written out through a callable.

    RpcError        the other side answered with an error, or a handler wants to answer with one
    PeerGone        the conversation is over; a call that was under way may have had its effect
    FrameTooLarge   the frame would be over the limit; nothing was written
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final, Protocol

import orjson
import structlog

from recado.engines.lines import Lines

FRAME_BYTES: Final = 1_048_576
PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
UNKNOWN_METHOD: Final = -32601
INTERNAL: Final = -32603
BUSY: Final = -32000

log = structlog.get_logger()


class RpcError(Exception):
    """An error answer: its code, a sentence, and `data` (an object, often with `kind` and `retry`)."""

    def __init__(self, code: int, message: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data or {}


class PeerGone(Exception):
    """`was_written` says whether the call had left before the other side went away."""

    def __init__(self, message: str, *, was_written: bool) -> None:
        super().__init__(message)
        self.was_written = was_written


class FrameTooLarge(Exception):
    """`size` is what the frame would have had, in bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(f"a frame of {size} bytes is over the limit")
        self.size = size


class Desk(Protocol):
    """Who answers what the other side asks."""

    async def request(self, method: str, params: dict[str, Any]) -> Any:
        """The result, as JSON values. Raise RpcError to answer with an error; anything else answers `internal`."""

    def notification(self, method: str, params: dict[str, Any]) -> None:
        """Take note; must not block."""


class Peer:
    """One end of a conversation. `run` lives as long as it does; requests are handled in tasks that start in order."""

    def __init__(
        self,
        desk: Desk,
        write: Callable[[bytes], None],
        *,
        frame_bytes: int = FRAME_BYTES,
        calls_limit: int = 16_384,
        requests_limit: int = 65_536,
    ) -> None:
        self.nonsense_count = 0
        self.gone = asyncio.Event()
        self._desk = desk
        self._write = write
        self._frame_bytes = frame_bytes
        self._calls_limit = calls_limit
        self._requests_limit = requests_limit
        self._lines = Lines(frame_bytes)
        self._loop = asyncio.get_running_loop()
        self._tasks: asyncio.TaskGroup | None = None
        self._request_count = 0
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._about: Counter[str] = Counter()
        self._left: frozenset[str] | None = None
        self._outbox: list[bytes] = []
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._why_gone = ""

    async def run(self) -> None:
        """Serve until cancelled; handlers that still run then are cancelled too, which counts as not handled."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                await self._loop.create_future()
        finally:
            self._tasks = None
            self.hang_up("the conversation was ended here")

    @property
    def in_hand(self) -> frozenset[str]:
        """The sessions of which a call or a request is unanswered; once it is over, those that it ended with."""
        return self._left if self._left is not None else frozenset(+self._about)

    def hang_up(self, why: str) -> None:
        """The other side is gone: calls under way fail with PeerGone, later ones too."""
        if self._why_gone:
            return
        self._left = self.in_hand
        self._why_gone = why
        self._may_write.set()
        self.gone.set()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(PeerGone(why, was_written=True))

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    async def call(self, method: str, params: dict[str, Any], timeout: timedelta) -> Any:
        """Ask and wait for the result. Raises RpcError, PeerGone, FrameTooLarge, TimeoutError."""
        if len(self._waiting) >= self._calls_limit:
            raise RpcError(BUSY, f"{self._calls_limit} calls are under way already", {"kind": "busy", "retry": True})
        if not self._may_write.is_set():
            await self._wait_for_room(timeout)
        if self._why_gone:
            raise PeerGone(self._why_gone, was_written=False)
        call_id = next(self._ids)
        self._send({"jsonrpc": "2.0", "id": call_id, "method": method, "params": params})
        future = self._waiting[call_id] = self._loop.create_future()
        timer = self._loop.call_later(timeout.total_seconds(), _expire, future, method)
        try:
            with self._at_work(params):
                return await future
        finally:
            timer.cancel()
            del self._waiting[call_id]

    def feed(self, data: bytes) -> None:
        """Take what the other side wrote."""
        for line in self._lines.feed(data):
            message = _read(line)
            if isinstance(message, dict):
                self._take(message)
            elif line.strip():
                self._nonsense(line)

    def _take(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params", _NO_PARAMS)
        if isinstance(method, str) and isinstance(params, dict):
            if "id" in message:
                self._start(message["id"], method, params)
            else:
                self._note(method, params)
        elif "method" in message:
            self._refuse(message.get("id"), INVALID_REQUEST, "a request needs a method and an object of params")
        else:
            self._settle(message)

    def _settle(self, message: dict[str, Any]) -> None:
        call_id = message.get("id")
        future = self._waiting.get(call_id) if isinstance(call_id, int) else None
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(_error_of(message["error"]))
        else:
            future.set_result(message.get("result"))

    def _start(self, request_id: Any, method: str, params: dict[str, Any]) -> None:
        if self._tasks is None or self._request_count >= self._requests_limit:
            self._refuse(request_id, BUSY, "too many requests are unanswered")
            return
        self._request_count += 1
        self._tasks.create_task(self._handle(request_id, method, params))

    async def _handle(self, request_id: Any, method: str, params: dict[str, Any]) -> None:
        try:
            with self._at_work(params):
                result = await self._desk.request(method, params)
            self._send({"jsonrpc": "2.0", "id": request_id, "result": result})
        except RpcError as error:
            self._refuse(request_id, error.code, error.message, error.data)
        except Exception as error:
            log.exception("rpc.handler_failed", method=method)
            self._refuse(request_id, INTERNAL, f"{type(error).__name__}: {error}")
        finally:
            self._request_count -= 1

    @contextlib.contextmanager
    def _at_work(self, params: dict[str, Any]) -> Iterator[None]:
        session = str(params.get("session") or "")
        self._about[session] += bool(session)
        try:
            yield
        finally:
            self._about[session] -= bool(session)
            if not self._about[session]:
                del self._about[session]

    def _note(self, method: str, params: dict[str, Any]) -> None:
        try:
            self._desk.notification(method, params)
        except Exception:
            log.exception("rpc.notification_failed", method=method)

    def _refuse(self, request_id: Any, code: int, message: str, data: dict[str, Any] | None = None) -> None:
        error = {"code": code, "message": message[:1000], "data": data or {}}
        try:
            self._send({"jsonrpc": "2.0", "id": request_id, "error": error})
        except (FrameTooLarge, orjson.JSONEncodeError):
            self._send({"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": "not sayable", "data": {}}})

    def _nonsense(self, line: bytes) -> None:
        self.nonsense_count += 1
        if self.nonsense_count.bit_count() == 1:  # the 1st, 2nd, 4th, 8th …: a flood must not become a flood of logs
            head = line[:_HEAD].decode("utf-8", "replace")
            log.error("rpc.nonsense", head=head, bytes=len(line), count=self.nonsense_count)
        self._refuse(None, PARSE_ERROR, "not a JSON object")

    def _send(self, message: dict[str, Any]) -> None:
        if self._why_gone:
            return
        frame = orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE)
        if len(frame) > self._frame_bytes:
            raise FrameTooLarge(len(frame))
        if not self._outbox:
            self._loop.call_soon(self._flush)
        self._outbox.append(frame)

    def _flush(self) -> None:
        frames = b"".join(self._outbox)
        self._outbox.clear()
        if not self._why_gone:
            self._write(frames)

    async def _wait_for_room(self, timeout: timedelta) -> None:
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                await self._may_write.wait()
        except TimeoutError:
            raise PeerGone("the other side does not read what it is told", was_written=False) from None


_HEAD: Final = 24  # enough to tell what it is, too little to hold a message
_NO_PARAMS: Final[dict[str, Any]] = {}


def _expire(future: asyncio.Future[Any], method: str) -> None:
    """Unlike asyncio.timeout this never throws away an answer that arrived while the loop was late."""
    if not future.done():
        future.set_exception(TimeoutError(f"{method} was not answered in time"))


def _read(line: bytes) -> Any:
    """The JSON value of a line, None when it has none. The slow reader forgives bad UTF-8 and lone surrogates."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        try:
            return json.loads(line.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None


def _error_of(error: Any) -> RpcError:
    if not isinstance(error, dict):
        return RpcError(INTERNAL, f"an error of no form: {str(error)[:200]}")
    code, message, data = error.get("code"), error.get("message"), error.get("data")
    return RpcError(
        code if isinstance(code, int) else INTERNAL,
        message if isinstance(message, str) else "an error without a message",
        data if isinstance(data, dict) else {},
    )
