"""An engine in memory whose network the test plays: it pairs, connects, receives, cuts and fails on command.

engine = FakeEngine()
engine.link("s1", Device(jid="5511999990001:1@s.whatsapp.net"))   # as paired in an earlier life
await engine.attached.wait()                                     # somebody runs it
engine.script("send", EngineError("timeout", "no answer", may_retry=True, is_uncertain=True))
with engine.hold("send") as gate: ...; await gate.reached(3); gate.open()
assert await engine.receive("s1", text="Olá!")                   # True: stored, so confirmed
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Any

from recado.domain.engine import (
    Device,
    EngineError,
    Listener,
    Outgoing,
    Probe,
    Resolved,
    Sent,
    Snapshot,
)
from tests.engines.fake_network import FakeSession
from tests.engines.fake_phone import FakePhones


class FakeEngine(FakePhones):
    """Implements `domain.engine.Engine` and every extra over a network that the test plays."""

    name = "fake"

    async def run(self, listener: Listener) -> None:
        self._listener = listener
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self.attached.set()
                self.say("host_up")
                await asyncio.get_running_loop().create_future()
        finally:
            self.attached.clear()
            self._listener = self._tasks = None

    async def start(self, session: str, fence: int) -> Device | None:
        try:
            device = await self._call("start", session, fence, self.devices.get(session))
        except EngineError as error:
            self.say("connect_failed", session, fence=fence, error=str(error), kind=error.kind)
            return None
        before = self.open.get(session)
        self.open[session] = FakeSession(fence, before.state if before and before.state == "connected" else "idle")
        if device is not None and self.open[session].state != "connected":
            self.open[session].state = "dialing"
            asyncio.get_running_loop().call_soon(self._dial, session, fence)
        return device

    async def stop(self, session: str, fence: int) -> None:
        with contextlib.suppress(EngineError):
            await self._call("stop", session, fence, None)
            if self._is_current(session, fence):
                self.open.pop(session, None)

    async def logout(self, session: str, fence: int) -> None:
        await self._call("logout", session, fence, None, needs="connected")
        self.devices.pop(session, None)
        self.open.pop(session, None)

    async def forget(self, session: str, fence: int) -> None:
        await self._call("forget", session, fence, None)
        self.devices.pop(session, None)
        self.open.pop(session, None)

    async def pair_qr(self, session: str, fence: int) -> None:
        await self._call("pair_qr", session, fence, None, needs="open")
        self._refuse_paired(session)
        asyncio.get_running_loop().call_soon(self.offer_codes, session, [f"2@ref{n},{session}" for n in range(6)])

    async def pair_phone(self, session: str, fence: int, phone: str) -> tuple[str, datetime]:
        ends_at = self.clock.now() + timedelta(seconds=160)
        answer = await self._call("pair_phone", session, fence, ("ABCD-EFGH", ends_at), needs="open")
        self._refuse_paired(session)
        self.open[session].state = "pairing"
        return answer  # type: ignore[no-any-return]  # what the test scripted

    async def send(self, session: str, fence: int, outgoing: Outgoing) -> Sent:
        sent = Sent(wa_id=outgoing.wa_id, at=self.clock.now().replace(microsecond=0), to=outgoing.to)
        try:
            answer = await self._call("send", session, fence, sent, needs="connected")
        except EngineError as error:
            if error.is_uncertain:
                self.attempts.append((session, outgoing))
            raise
        self.attempts.append((session, outgoing))
        if self.delivers_at_once:
            self._spawn(self.receipt(session, outgoing.wa_id, sender=outgoing.to))
        return answer  # type: ignore[no-any-return]  # what the test scripted

    async def resolve(self, session: str, fence: int, phones: list[str]) -> list[Resolved]:
        answers = [
            self.accounts.get(phone)
            or Resolved(query=phone, is_registered=True, jid=phone.removeprefix("+") + "@s.whatsapp.net")
            for phone in phones
        ]
        return await self._call("resolve", session, fence, answers, needs="connected")  # type: ignore[no-any-return]

    async def probe(self, session: str, fence: int, timeout_ms: int) -> Probe:
        alive = Probe(round_trip_ms=5.0, queue=0, unanswered=self.unanswered[session], oldest_unanswered_ms=0)
        return await self._call("probe", session, fence, alive, needs="connected")  # type: ignore[no-any-return]

    async def sessions(self) -> list[Snapshot]:
        if not self.is_host_up:
            raise EngineError("host_down", "the engine host is not running", may_retry=True)
        return [
            Snapshot(
                session=name,
                fence=one.fence,
                state=one.state,
                device=self.devices.get(name),
                queue=0,
                unanswered=0,
                oldest_unanswered_ms=0,
            )
            for name, one in self.open.items()
        ]

    async def _call(self, method: str, session: str, fence: int, answer: Any, needs: str = "") -> Any:
        self.calls.append((method, session, fence))
        if method in self._gates:
            await self._gates[method].pass_through()
        if not self.is_host_up:
            raise EngineError("host_down", "the engine host is not running", may_retry=True)
        if not self._is_current(session, fence, is_start=method == "start"):
            raise EngineError("stale_fence", "another holder has a newer fence")
        scripted = self._scripts[method].popleft() if self._scripts[method] else None
        if isinstance(scripted, BaseException):
            raise scripted
        if needs and session not in self.open:
            raise EngineError("unknown_session", f"{session} is not open")
        if needs == "connected" and session not in self.devices:
            raise EngineError("not_paired", f"{session} has no device")
        if needs == "connected" and self.open[session].state != "connected":
            raise EngineError("not_connected", f"{session} is not connected", may_retry=True)
        return answer if scripted is None else scripted

    def _is_current(self, session: str, fence: int, is_start: bool = False) -> bool:
        one = self.open.get(session)
        return one is None or fence == one.fence or (is_start and fence > one.fence)

    def _refuse_paired(self, session: str) -> None:
        if session in self.devices:
            raise EngineError("already_paired", f"{session} has a device")

    def _dial(self, session: str, fence: int) -> None:
        if session not in self.open or self.open[session].fence != fence or self.open[session].state != "dialing":
            return
        self.say("dialing", session)
        if self.connects_by_itself:
            self.connect(session)
