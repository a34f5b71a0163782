"""The fake engine keeps the contract, and the few promises that other tests lean on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from recado.domain.engine import Device, EngineError, Outgoing, Resolved
from tests.engines.contract import EngineContract
from tests.engines.fake import FakeEngine
from tests.engines.harness import Arrived
from tests.engines.notebook import Notebook


class FakeHarness:
    """The fake engine's network as the contract drives it."""

    def __init__(self) -> None:
        self.engine = FakeEngine()
        self.listener = Notebook()
        self.engine.accounts[f"+{self.nobody()}"] = Resolved(query=f"+{self.nobody()}", is_registered=False)

    def phone_of(self, session: str) -> str:
        return f"551199999000{session[-1]}"

    def somebody(self) -> str:
        return "5511988887777"

    def nobody(self) -> str:
        return "5511900000000"

    async def scan(self, session: str, code: str) -> None:
        self.engine.pair(session, Device(jid=f"{self.phone_of(session)}:1@s.whatsapp.net"))

    async def enter_code(self, session: str, code: str) -> None:
        await self.scan(session, code)

    async def write(self, session: str, text: str) -> str:
        wa_id = self.engine.clock.new_wa_id()
        self.engine.write(session, text=text, wa_id=wa_id)
        return wa_id

    async def is_confirmed(self, session: str, wa_id: str) -> bool:
        return wa_id in self.engine.confirmed

    async def arrived(self, session: str) -> list[Arrived]:
        sent = self.engine.sent.values()
        return [Arrived(wa_id=one.wa_id, text=one.content.get("conversation")) for one in sent]

    async def cut(self, session: str) -> None:
        self.engine.cut(session)

    async def unlink(self, session: str) -> None:
        self.engine.unlink(session)

    async def refuse_next_send(self, session: str, code: int) -> None:
        self.engine.script("send", EngineError("server", f"refused with {code}", server_code=code))

    async def crash(self) -> None:
        self.engine.crash()
        self.engine.come_back()


@contextlib.asynccontextmanager
async def running(engine: FakeEngine, listener: Notebook) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(engine.run(listener))
        await engine.attached.wait()
        yield
        task.cancel()


class TestContract(EngineContract):
    @pytest.fixture
    async def harness(self) -> AsyncIterator[FakeHarness]:
        harness = FakeHarness()
        async with running(harness.engine, harness.listener):
            yield harness


async def test_a_scripted_outcome_is_used_once():
    engine = FakeEngine()
    engine.link("s1")
    engine.script("send", EngineError("timeout", "no answer", may_retry=True, is_uncertain=True))
    async with running(engine, listener := Notebook()):
        await engine.start("s1", 1)
        await listener.signalled("connected", "s1")
        outgoing = Outgoing(wa_id="X", to="1@s.whatsapp.net", content={})
        with pytest.raises(EngineError, match="no answer"):
            await engine.send("s1", 1, outgoing)
        await engine.send("s1", 1, outgoing)
        assert (len(engine.attempts), len(engine.sent)) == (2, 1)


async def test_a_gate_holds_calls_until_it_is_opened():
    engine = FakeEngine()
    engine.link("s1")
    async with running(engine, listener := Notebook()):
        await engine.start("s1", 1)
        await listener.signalled("connected", "s1")
        with engine.hold("send") as gate:
            sending = asyncio.ensure_future(engine.send("s1", 1, Outgoing(wa_id="X", to="1@lid", content={})))
            await gate.reached(1)
            assert engine.attempts == []
        await sending
        assert len(engine.attempts) == 1
