"""The engine over the whatsmeow host: its calls as methods, what it says as values (docs/engine-protocol.md)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
import structlog

from recado.clock import Clock, uptime
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
from recado.engines.loss import Loss
from recado.engines.rpc import UNKNOWN_METHOD, RpcError
from recado.engines.whatsmeow_calls import LONG, SHORT
from recado.engines.whatsmeow_converter import convert
from recado.engines.whatsmeow_social import SocialCalls
from recado.engines.whatsmeow_sync_calls import SyncCalls

NOT_STORED: Final = -32000
_YOUNG_FOR: Final = 10.0  # seconds after its opening in which a session may have brought the host down
_SEND: Final = timedelta(seconds=90)  # the library itself gives up after 75

log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class _Hold:
    """A session that we keep open; each opening is another hold, so that late news of an older one is told apart."""

    fence: int


@dataclass(frozen=True, slots=True)
class _Lease:
    """What we may hold, and until when by `uptime`."""

    fence: int
    until: float


class Whatsmeow(SyncCalls, SocialCalls):
    """Implements `domain.engine.Engine` and every extra of `domain.sync`."""

    name = "whatsmeow"

    def __init__(
        self,
        program: HostProgram,
        clock: Clock,
        *,
        pace: Pace | None = None,
    ) -> None:
        super().__init__(Host(program, self, clock, pace))
        self._clock = clock
        self._pace = pace or Pace()
        self._listener: Listener | None = None
        self._held: dict[str, _Hold] = {}
        self._asked: dict[str, _Hold] = {}
        self._leases: dict[str, _Lease] = {}
        self._opened: dict[str, float] = {}

    # --- the Engine protocol ---

    async def run(self, listener: Listener) -> None:
        """Raises Misconfigured when the host cannot be run."""
        self._listener = listener
        await self.host.run()

    def lease(self, session: str, fence: int, until: float) -> None:
        self._leases[session] = _Lease(fence, until)

    async def start(self, session: str, fence: int) -> Device | None:
        if not self._may_hold(session, fence):
            self._say("connect_failed", session, fence, error="the lease is too old", kind="lease_over")
            return None
        lease_ms = self._pace.lease // timedelta(milliseconds=1)
        params = {"session": session, "fence": fence, "lease_ms": lease_ms}
        self._opened[session] = uptime()
        try:
            device = await self.ask("open", params, SHORT, answers.opened)
        except EngineError as error:
            self._say("connect_failed", session, fence, error=str(error), kind=error.kind)
            return None
        self._held[session] = _Hold(fence)
        return device

    async def stop(self, session: str, fence: int) -> None:
        self._release(session, fence)
        try:
            await self.ask("close", {"session": session, "fence": fence}, SHORT, answers.nothing)
        except EngineError as error:
            if error.kind not in ("unknown_session", "host_down"):
                log.warning("engine.close_failed", instance=session, kind=error.kind, error=str(error))

    async def logout(self, session: str, fence: int) -> None:
        await self.ask("logout", {"session": session, "fence": fence}, LONG, answers.nothing)
        self._release(session, fence)

    async def forget(self, session: str, fence: int) -> None:
        await self.ask("forget", {"session": session, "fence": fence}, SHORT, answers.nothing)
        self._release(session, fence)

    async def pair_qr(self, session: str, fence: int) -> None:
        await self.ask("pair_qr", {"session": session, "fence": fence}, LONG, answers.nothing)

    async def pair_phone(self, session: str, fence: int, phone: str) -> tuple[str, datetime]:
        params = {"session": session, "fence": fence, "phone": phone}
        return await self.ask("pair_phone", params, LONG, answers.pairing_code)

    async def send(self, session: str, fence: int, outgoing: Outgoing) -> Sent:
        params = {
            "session": session,
            "fence": fence,
            "id": outgoing.wa_id,
            "to": outgoing.to,
            "message": outgoing.content,
        }
        return await self.ask("send", params, _SEND, answers.sent)

    async def resolve(self, session: str, fence: int, phones: list[str]) -> list[Resolved]:
        params = {"session": session, "fence": fence, "phones": phones}
        return await self.ask("resolve", params, LONG, answers.resolved)

    async def probe(self, session: str, fence: int, timeout_ms: int) -> Probe:
        params = {"session": session, "fence": fence, "timeout_ms": timeout_ms}
        return await self.ask("probe", params, timedelta(milliseconds=timeout_ms + 2000), answers.probe)

    async def sessions(self) -> list[Snapshot]:
        return await self.ask("sessions", {}, SHORT, answers.snapshots)

    # --- the host's desk ---

    async def request(self, method: str, params: dict[str, Any]) -> Any:
        """An event. Answered after the commit; an error means that it is not stored."""
        if method != "event" or self._listener is None:
            raise RpcError(UNKNOWN_METHOD, f"{method} is not known here", {"kind": "unknown_method"})
        session, event_type = str(params.get("session", "")), str(params.get("type", ""))
        file = self.exchanged(params["file"]) if params.get("file") else None
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

    def went(self, loss: Loss) -> None:
        young = {session for session, at in self._opened.items() if uptime() - at < _YOUNG_FOR}
        self._held.clear()
        self._opened.clear()
        self._say("host_down", "", 0, error=loss.reason, cause=loss.cause, suspects=sorted(loss.in_hand | young))

    def leases(self) -> dict[str, int]:
        self._asked = {session: hold for session, hold in self._held.items() if self._may_hold(session, hold.fence)}
        return {session: hold.fence for session, hold in self._asked.items()}

    def renewed(self, answer: dict[str, Any]) -> None:
        for session in (*(answer.get("stale") or ()), *(answer.get("unknown") or ())):
            if session in self._held and self._held[session] is self._asked.get(session):
                log.warning("engine.lease_lost", instance=session)
                del self._held[session]

    # --- inside ---

    def _may_hold(self, session: str, fence: int) -> bool:
        """Whether the session would end before its lease does; one of which nobody told a lease always may."""
        lease = self._leases.get(session)
        if lease is None:
            return True
        return lease.fence == fence and lease.until - uptime() >= self._pace.lease.total_seconds()

    def _release(self, session: str, fence: int) -> None:
        if session in self._held and self._held[session].fence == fence:
            del self._held[session]

    def _say(self, type: str, session: str, fence: int, **data: Any) -> None:
        if self._listener is not None:
            signal = Signal(session=session, fence=fence, type=type, at=self._clock.now(), data=data)
            self._listener.signal(signal)
