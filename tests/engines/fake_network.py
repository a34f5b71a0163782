"""The network of the fake engine, played by the test: it pairs, connects, receives, cuts and fails on command."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from recado.clock import Clock, SystemClock
from recado.domain.engine import (
    Device,
    Incoming,
    Listener,
    Outgoing,
    Receipt,
    Resolved,
    Signal,
)
from recado.domain.jid import identity_of
from recado.domain.sync import Heard


def protobuf_text(text: str) -> bytes:
    """A `waE2E.Message` that is a plain text: field 1, length, UTF-8."""
    data, size = text.encode("utf-8", "surrogatepass"), bytearray()
    left = len(data)
    while left > 0x7F:
        size.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([0x0A, *size, left]) + data


State = Literal["idle", "dialing", "pairing", "connected", "disconnected"]


@dataclass(slots=True)
class FakeSession:
    """What the fake host knows of one open session."""

    fence: int
    state: State = "idle"


@dataclass(slots=True)
class Gate:
    """Holds every call of one method until it is opened."""

    arrived: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def pass_through(self) -> None:
        async with self.changed:
            self.arrived += 1
            self.changed.notify_all()
        await self.opened.wait()

    async def reached(self, count: int) -> None:
        """Wait until so many calls stand at the gate."""
        async with asyncio.timeout(60), self.changed:
            await self.changed.wait_for(lambda: self.arrived >= count)

    def open(self) -> None:
        self.opened.set()


class FakeNetwork:
    """The test's side of a FakeEngine. Public attributes are what the network knows; tests read and set them."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or SystemClock()
        self.attached = asyncio.Event()
        self.devices: dict[str, Device] = {}  # what the host's database holds; survives `crash`
        self.open: dict[str, FakeSession] = {}
        self.connects_by_itself = True  # a start with a device leads to `connected`
        self.delivers_at_once = False  # who is written to has it at once, and says so
        self.is_host_up = True
        self.calls: list[tuple[str, str, int]] = []  # method, session, fence
        self.attempts: list[tuple[str, Outgoing]] = []  # every send that reached the network, repeats included
        self.accounts: dict[str, Resolved] = {}  # answers of `resolve`; other numbers are registered as they are
        self.kept: defaultdict[str, list[Heard]] = defaultdict(list)  # not confirmed: offered at the next connect
        self.unanswered: Counter[str] = Counter()  # events that Recado has not answered yet
        self.confirmed: list[str] = []  # WhatsApp ids that the network will never offer again
        self._scripts: defaultdict[str, deque[Any]] = defaultdict(deque)
        self._gates: dict[str, Gate] = {}
        self._listener: Listener | None = None
        self._tasks: asyncio.TaskGroup | None = None

    def link(self, session: str, device: Device | None = None) -> Device:
        """Give the session a linked device, without a word."""
        n = 5511999990000 + len(self.devices) + 1
        self.devices[session] = device or Device(jid=f"{n}:1@s.whatsapp.net", lid=f"{n}:1@lid", push_name="Loja")
        return self.devices[session]

    def say(self, type: str, session: str = "", *, fence: int | None = None, **data: Any) -> None:
        """Say a signal, with the fence that the session is open under (0 when it is not) or the one given."""
        if fence is None:
            fence = self.open[session].fence if session in self.open else 0
        if self._listener is not None:
            self._listener.signal(Signal(session=session, fence=fence, type=type, at=self.clock.now(), data=data))

    def pair(self, session: str, device: Device | None = None) -> Device:
        """A phone accepts: `paired`, then the routine restart; Recado has to start the session again."""
        device = self.link(session, device)
        self.say("paired", session, jid=device.jid, lid=device.lid, platform="android", business_name="")
        self.open[session].state = "disconnected"
        self.say("restart_asked", session)
        return device

    def offer_codes(self, session: str, codes: list[str], first_ms: int = 60_000, next_ms: int = 20_000) -> None:
        self.open[session].state = "pairing"
        self.say("pair_codes", session, codes=codes, first_ms=first_ms, next_ms=next_ms)

    def connect(self, session: str) -> None:
        """The login succeeds; what was kept is offered again."""
        device, self.open[session].state = self.devices[session], "connected"
        self.say("connected", session, jid=device.jid, lid=device.lid, push_name=device.push_name, platform="android")
        waiting, self.kept[session] = self.kept[session], []
        for inbound in waiting:
            self._spawn(self.offer(session, inbound))
        self.say("offline_done", session, count=len(waiting))

    def cut(self, session: str) -> None:
        self.open[session].state = "disconnected"
        self.say("disconnected", session, expected=False)

    def unlink(self, session: str) -> None:
        """The phone removes the device: the credentials are gone."""
        del self.devices[session]
        self.open[session].state = "disconnected"
        self.say("logged_out", session, on_connect=False, code=401, text="device_removed")

    def crash(self, **said: Any) -> None:
        """The host dies: nothing is open any more, calls fail until `come_back`. `said` is what `host_down` tells."""
        self.is_host_up = False
        self.open.clear()
        self.say("host_down", **said)

    def come_back(self) -> None:
        self.is_host_up = True
        self.say("host_up")

    async def receive(
        self,
        session: str,
        *,
        text: str = "Olá!",
        sender: str = "5511988887777@s.whatsapp.net",
        wa_id: str | None = None,
        **fields: Any,
    ) -> bool:
        """A text comes in. True when Recado has stored it; else it is kept and offered at the next connect."""
        return await self.offer(session, self.incoming(session, text=text, sender=sender, wa_id=wa_id, **fields))

    def incoming(self, session: str, *, text: str, sender: str, wa_id: str | None = None, **fields: Any) -> Incoming:
        identity = identity_of(sender)
        values: dict[str, Any] = {
            "wa_id": wa_id or self.clock.new_wa_id(),
            "chat": sender,
            "chat_identity": identity,
            "sender": identity,
            "is_from_me": False,
            "is_group": False,
            "sent_at": self.clock.now().replace(microsecond=0),
            "kind": "conversation",
            "text": text,
            "raw": protobuf_text(text),
            "content": {"conversation": text},
        }
        return Incoming(session=session, **(values | fields))

    def write(self, session: str, *, text: str, wa_id: str, sender: str = "5511988887777@s.whatsapp.net") -> None:
        """Somebody writes: offered now when the session is connected, else at its next connect."""
        incoming = self.incoming(session, text=text, sender=sender, wa_id=wa_id)
        if session in self.open and self.open[session].state == "connected":
            self._spawn(self.offer(session, incoming))
        else:
            self.kept[session].append(incoming)

    async def receipt(
        self, session: str, *wa_ids: str, type: str = "delivered", sender: str = "5511988887777@s.whatsapp.net"
    ) -> bool:
        """A receipt for messages of ours comes in."""
        identity = identity_of(sender)
        return await self.offer(
            session,
            Receipt(
                session=session,
                chat=sender,
                chat_identity=identity,
                sender=identity,
                is_from_me=False,
                wa_ids=wa_ids,
                type=type,
                at=self.clock.now(),
            ),
        )

    async def offer(self, session: str, inbound: Heard) -> bool:
        if self._listener is None:
            raise AssertionError("nobody runs this engine yet")
        wa_id = getattr(inbound, "wa_id", None)
        self.unanswered[session] += 1
        try:
            await self._listener.handle(inbound)
        except Exception:
            self.kept[session].append(inbound)
            return False
        finally:
            self.unanswered[session] -= 1
        if wa_id is not None:
            self.confirmed.append(wa_id)
        return True

    def script(self, method: str, *outcomes: Any) -> None:
        """The next calls of the method end so, in this order: an exception is raised, anything else returned.

        For `send`, an uncertain EngineError counts as having reached the network. None means: as usual.
        """
        self._scripts[method].extend(outcomes)

    @contextlib.contextmanager
    def hold(self, method: str) -> Iterator[Gate]:
        """Calls of the method wait at the gate until it is opened, or the block is left."""
        gate = self._gates[method] = Gate()
        try:
            yield gate
        finally:
            del self._gates[method]
            gate.open()

    @property
    def sent(self) -> dict[str, Outgoing]:
        """What the recipients got: one message an id, however often it was sent."""
        return {outgoing.wa_id: outgoing for _, outgoing in self.attempts}

    def _spawn(self, work: Any) -> None:
        if self._tasks is None:
            raise AssertionError("nobody runs this engine yet")
        self._tasks.create_task(work)
