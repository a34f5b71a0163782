"""The engine over the whatsmeow host: its calls as methods, what it says as values (docs/engine-protocol.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson
import structlog

from recado.clock import Clock
from recado.domain.engine import (
    Device,
    EngineError,
    Listener,
    Outgoing,
    Probe,
    Resolved,
    Sent,
    Signal,
    Snapshot,
)
from recado.engines import whatsmeow_answers as answers
from recado.engines.host import Hello, Host, HostProgram, Pace
from recado.engines.rpc import UNKNOWN_METHOD, FrameTooLarge, PeerGone, RpcError
from recado.engines.whatsmeow_converter import convert

NOT_STORED: Final = -32000
_SHORT: Final = timedelta(seconds=15)
_LONG: Final = timedelta(seconds=60)
_SEND: Final = timedelta(seconds=90)  # the library itself gives up after 75

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class _Hold:
    """A session that we keep open; each opening is another hold, so that late news of an older one is told apart."""

    fence: int


class Whatsmeow:
    """Implements `domain.engine.Engine`."""

    name = "whatsmeow"

    def __init__(
        self,
        program: HostProgram,
        clock: Clock,
        *,
        pace: Pace | None = None,
    ) -> None:
        self.host = Host(program, self, clock, pace)
        self._clock = clock
        self._pace = pace or Pace()
        self._listener: Listener | None = None
        self._held: dict[str, _Hold] = {}
        self._asked: dict[str, _Hold] = {}

    # --- the Engine protocol ---

    async def run(self, listener: Listener) -> None:
        """Raises Misconfigured when the host cannot be run."""
        self._listener = listener
        await self.host.run()

    async def start(self, session: str, fence: int) -> Device | None:
        lease_ms = self._pace.lease // timedelta(milliseconds=1)
        params = {"session": session, "fence": fence, "lease_ms": lease_ms}
        try:
            device = await self._ask("open", params, _SHORT, answers.opened)
        except EngineError as error:
            self._say("connect_failed", session, fence, error=str(error), kind=error.kind)
            return None
        self._held[session] = _Hold(fence)
        return device

    async def stop(self, session: str, fence: int) -> None:
        self._release(session, fence)
        try:
            await self._ask("close", {"session": session, "fence": fence}, _SHORT, answers.nothing)
        except EngineError as error:
            if error.kind not in ("unknown_session", "host_down"):
                log.warning("engine.close_failed", instance=session, kind=error.kind, error=str(error))

    async def logout(self, session: str, fence: int) -> None:
        await self._ask("logout", {"session": session, "fence": fence}, _LONG, answers.nothing)
        self._release(session, fence)

    async def forget(self, session: str, fence: int) -> None:
        await self._ask("forget", {"session": session, "fence": fence}, _SHORT, answers.nothing)
        self._release(session, fence)

    async def pair_qr(self, session: str, fence: int) -> None:
        await self._ask("pair_qr", {"session": session, "fence": fence}, _LONG, answers.nothing)

    async def pair_phone(self, session: str, fence: int, phone: str) -> tuple[str, datetime]:
        params = {"session": session, "fence": fence, "phone": phone}
        return await self._ask("pair_phone", params, _LONG, answers.pairing_code)

    async def send(self, session: str, fence: int, outgoing: Outgoing) -> Sent:
        params = {
            "session": session,
            "fence": fence,
            "id": outgoing.wa_id,
            "to": outgoing.to,
            "message": outgoing.content,
        }
        return await self._ask("send", params, _SEND, answers.sent)

    async def resolve(self, session: str, fence: int, phones: list[str]) -> list[Resolved]:
        params = {"session": session, "fence": fence, "phones": phones}
        return await self._ask("resolve", params, _LONG, answers.resolved)

    async def probe(self, session: str, fence: int, timeout_ms: int) -> Probe:
        params = {"session": session, "fence": fence, "timeout_ms": timeout_ms}
        return await self._ask("probe", params, timedelta(milliseconds=timeout_ms + 2000), answers.probe)

    async def sessions(self) -> list[Snapshot]:
        return await self._ask("sessions", {}, _SHORT, answers.snapshots)

    # --- the host's desk ---

    async def request(self, method: str, params: dict[str, Any]) -> Any:
        """An event. Answered after the commit; an error means that it is not stored."""
        if method != "event" or self._listener is None:
            raise RpcError(UNKNOWN_METHOD, f"{method} is not known here", {"kind": "unknown_method"})
        session, event_type = str(params.get("session", "")), str(params.get("type", ""))
        file = self._file(params["file"]) if params.get("file") else None
        data = params.get("data") if file is None else orjson.loads(file.read_bytes())
        inbound = convert(event_type, session, data, now=self._clock.now())
        try:
            await self._listener.handle(inbound)
        except Exception as error:
            raise RpcError(NOT_STORED, f"not stored: {error}", {"kind": "not_stored", "retry": True}) from error
        if file is not None:
            file.unlink(missing_ok=True)
        return {}

    def notification(self, method: str, params: dict[str, Any]) -> None:
        if method != "signal" or self._listener is None:
            log.warning("engine.unknown_notification", method=method)
            return
        data = params.get("data")
        signal = Signal(
            session=str(params.get("session", "")),
            fence=int(params.get("fence") or 0),
            type=str(params["type"]),
            at=answers.time(params["at"]) if params.get("at") else self._clock.now(),
            data=data if isinstance(data, dict) else {},
        )
        if signal.type == "closed":
            self._release(signal.session, signal.fence)
        self._listener.signal(signal)

    def came(self, hello: Hello) -> None:
        self._say("host_up", "", 0, version=hello.version, library=hello.library, wa_version=hello.wa_version)

    def went(self, reason: str) -> None:
        self._held.clear()
        self._say("host_down", "", 0, error=reason)

    def leases(self) -> dict[str, int]:
        self._asked = dict(self._held)
        return {session: hold.fence for session, hold in self._asked.items()}

    def renewed(self, answer: dict[str, Any]) -> None:
        for session in (*(answer.get("stale") or ()), *(answer.get("unknown") or ())):
            if session in self._held and self._held[session] is self._asked.get(session):
                log.warning("engine.lease_lost", instance=session)
                del self._held[session]

    # --- inside ---

    def _file(self, name: str) -> Path:
        path = self.host.program.exchange / name
        if name.startswith(".") or "/" in name or not path.is_file():
            raise RpcError(-32009, f"{name} is not a file of the exchange directory", {"kind": "file"})
        return path

    def _release(self, session: str, fence: int) -> None:
        if session in self._held and self._held[session].fence == fence:
            del self._held[session]

    def _say(self, type: str, session: str, fence: int, **data: Any) -> None:
        if self._listener is not None:
            signal = Signal(session=session, fence=fence, type=type, at=self._clock.now(), data=data)
            self._listener.signal(signal)

    async def _ask(
        self, method: str, params: dict[str, Any], timeout: timedelta, read: Callable[[dict[str, Any]], T]
    ) -> T:
        is_send = method == "send"
        try:
            answer = await self.host.call(method, params, timeout)
        except RpcError as error:
            raise answers.engine_error(error, is_send=is_send) from error
        except PeerGone as error:
            uncertain = is_send and error.was_written
            raise EngineError("host_down", str(error), may_retry=True, is_uncertain=uncertain) from error
        except TimeoutError as error:
            raise EngineError("timeout", str(error), may_retry=True, is_uncertain=is_send) from error
        except (FrameTooLarge, orjson.JSONEncodeError) as error:
            raise EngineError("invalid_message", str(error)) from error
        try:
            return read(answer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise EngineError("internal", f"an odd answer to {method}: {error!r}", is_uncertain=is_send) from error
