"""A listener that writes down what an engine tells it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from recado.domain.engine import Incoming, Signal
from recado.domain.sync import Heard


class Notebook:
    """Stores at once; `refuse` makes it fail, `hold` makes it wait until `release`."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.signals: list[Signal] = []
        self.waiting: list[Heard] = []
        self.refusals = 0
        self._refused: set[str] = set()
        self._gates: dict[str, asyncio.Event] = {}
        self._changed = asyncio.Event()

    def refuse(self, session: str) -> None:
        self._refused.add(session)

    def accept(self, session: str) -> None:
        self._refused.discard(session)

    def hold(self, session: str) -> None:
        """What comes from this session is not stored until `release`."""
        self._gates[session] = asyncio.Event()

    def release(self, session: str) -> None:
        self._gates.pop(session).set()

    async def handle(self, inbound: Heard) -> None:
        if (gate := self._gates.get(inbound.session)) is not None:
            self.waiting.append(inbound)
            self._changed.set()
            await gate.wait()
            self.waiting.remove(inbound)
        if inbound.session in self._refused:
            self.refusals += 1
            self._changed.set()
            raise OSError("the database is away")
        self.heard.append(inbound)
        self._changed.set()

    def signal(self, signal: Signal) -> None:
        self.signals.append(signal)
        self._changed.set()

    def types(self, session: str = "") -> list[str]:
        """The signals of a session, in order."""
        return [signal.type for signal in self.signals if signal.session == session]

    def texts(self, session: str) -> list[str | None]:
        """The messages of a session that were stored, in order; those without a place in a chat left out."""
        return [m.text for m in self.messages(session)]

    def messages(self, session: str) -> list[Incoming]:
        return [m for m in self.heard if isinstance(m, Incoming) and m.session == session and not m.is_protocol]

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait for something that this notebook's pages say; the guard is only against hanging."""
        try:
            async with asyncio.timeout(60):
                while not (answer := condition()):
                    self._changed.clear()
                    await self._changed.wait()
                return answer
        except TimeoutError:
            said = [f"{signal.session} {signal.type} {signal.data}" for signal in self.signals]
            raise AssertionError(f"it never came; signals: {said[-20:]}, events: {self.heard[-5:]}") from None

    async def signalled(self, type: str, session: str = "", *, count: int = 1) -> Signal:
        """The `count`-th signal of this type, once it has come."""

        def matching() -> list[Signal]:
            return [s for s in self.signals if s.type == type and s.session == session]

        await self.until(lambda: len(matching()) >= count)
        return matching()[count - 1]
