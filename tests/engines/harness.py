"""What the contract for engines needs: an engine that runs, somebody who listens, and a network that obeys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from recado.domain.engine import Device, Engine
from tests.engines.notebook import Notebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A message of ours as its recipient got it."""

    wa_id: str
    text: str | None


class EngineHarness(Protocol):
    """An engine under test and its network. Sessions have any name; each has a phone number of its own."""

    engine: Engine
    listener: Notebook

    def phone_of(self, session: str) -> str:
        """The number (digits) of the phone that this session gets linked to."""

    def somebody(self) -> str:
        """The number of a person who is on WhatsApp."""

    def nobody(self) -> str:
        """A number that is not on WhatsApp."""

    async def scan(self, session: str, code: str) -> None:
        """The session's phone scans the QR text."""

    async def enter_code(self, session: str, code: str) -> None:
        """The session's phone gets the pairing code typed in."""

    async def write(self, session: str, text: str) -> str:
        """Somebody writes to the session's phone; WhatsApp's id of it."""

    async def news_of_names(self, session: str) -> None:
        """Whatever the engine says about the name of who has written first has been said."""

    async def is_confirmed(self, session: str, wa_id: str) -> bool:
        """Whether the network counts it as received."""

    async def time_to_hear(self, session: str, wa_id: str) -> None:
        """Time enough for the network to hear of this message what it must not hear."""

    async def arrived(self, session: str) -> list[Arrived]:
        """What `somebody` got from the session's phone, each id once."""

    async def cut(self, session: str) -> None:
        """The connection breaks."""

    async def unlink(self, session: str) -> None:
        """The phone removes the linked device."""

    async def refuse_next_send(self, session: str, code: int) -> None:
        """The network refuses the next message with this number."""

    async def crash(self) -> None:
        """What runs the sessions dies; it comes back by itself."""


async def link(harness: EngineHarness, session: str, fence: int = 1) -> Device:
    """Take a session from nothing to connected, by QR."""
    engine, listener = harness.engine, harness.listener
    assert await engine.start(session, fence) is None
    await engine.pair_qr(session, fence)
    codes = (await listener.signalled("pair_codes", session)).data["codes"]
    await harness.scan(session, codes[0])
    await listener.signalled("restart_asked", session)
    device = await engine.start(session, fence)
    await listener.signalled("connected", session)
    assert device is not None
    return device


async def round_trips(engine: Engine, session: str) -> None:
    """The wire is used back and forth; what was said before has been heard."""
    for _ in range(10):
        await engine.probe(session, 1, 10_000)
