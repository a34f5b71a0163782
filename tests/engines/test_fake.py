"""The fake engine keeps the few promises that other tests lean on; contract.py holds the rest."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from recado.domain.engine import EngineError, Inbound, Outgoing, Signal
from tests.engines.fake import FakeEngine


class Notebook:
    """A listener that writes down what it hears, and refuses on request."""

    def __init__(self) -> None:
        self.heard: list[Inbound] = []
        self.signals: list[Signal] = []
        self.refuses = False

    async def handle(self, inbound: Inbound) -> None:
        if self.refuses:
            raise OSError("the database is away")
        self.heard.append(inbound)

    def signal(self, signal: Signal) -> None:
        self.signals.append(signal)

    def types(self) -> list[str]:
        return [signal.type for signal in self.signals]


@contextlib.asynccontextmanager
async def running(engine: FakeEngine, listener: Notebook) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(engine.run(listener))
        await engine.attached.wait()
        yield
        task.cancel()


async def test_a_session_with_a_device_connects_by_itself() -> None:
    engine, listener = FakeEngine(), Notebook()
    engine.link("s1")
    async with running(engine, listener):
        await engine.start("s1", 1)
        await asyncio.sleep(0)
    assert listener.types() == ["host_up", "dialing", "connected", "offline_done"]


async def test_what_was_not_stored_is_offered_at_the_next_connect() -> None:
    engine, listener = FakeEngine(), Notebook()
    engine.link("s1")
    async with running(engine, listener):
        await engine.start("s1", 1)
        await asyncio.sleep(0)
        listener.refuses = True
        assert not await engine.receive("s1", text="a", wa_id="A")
        listener.refuses = False
        engine.cut("s1")
        engine.connect("s1")
        await asyncio.sleep(0)
        assert engine.confirmed == ["A"]


async def test_a_scripted_outcome_is_used_once() -> None:
    engine, listener = FakeEngine(), Notebook()
    engine.link("s1")
    engine.script("send", EngineError("timeout", "no answer", may_retry=True, is_uncertain=True))
    async with running(engine, listener):
        await engine.start("s1", 1)
        await asyncio.sleep(0)
        with pytest.raises(EngineError, match="no answer"):
            await engine.send("s1", 1, Outgoing(wa_id="X", to="1@s.whatsapp.net", content={}))
        await engine.send("s1", 1, Outgoing(wa_id="X", to="1@s.whatsapp.net", content={}))
        assert (len(engine.attempts), len(engine.sent)) == (2, 1)
