"""The fake engine keeps the contract, and the few promises that other tests lean on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from recado.domain.engine import Device, EngineError, Outgoing, Resolved
from recado.domain.jid import Identity
from recado.domain.sync import (
    Group,
    GroupMember,
    HistoryBatch,
    HistoryConversation,
    HistoryMessage,
    Picture,
    Presence,
    Typing,
)
from tests.engines.contract import EngineContract
from tests.engines.contract_sync import AppStateContract, HistoryContract, SocialContract
from tests.engines.fake import FakeEngine
from tests.engines.harness import Arrived, round_trips
from tests.engines.harness_sync import Trouble
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

    async def news_of_names(self, session: str) -> None:
        """It says nothing about names."""

    async def is_confirmed(self, session: str, wa_id: str) -> bool:
        return wa_id in self.engine.confirmed

    async def time_to_hear(self, session: str, wa_id: str) -> None:
        await round_trips(self.engine, session)

    async def arrived(self, session: str) -> list[Arrived]:
        sent = self.engine.sent.values()
        return [Arrived(wa_id=one.wa_id, text=one.content.get("conversation")) for one in sent]

    async def ready(self, session: str) -> None:
        """It tells nothing by itself."""

    async def offer_history(self, session: str, texts: list[str], *, trouble: Trouble | None = None) -> None:
        if trouble is not None:
            kind = "gone" if trouble == "gone" else "file"
            self.engine.offer_history(session, EngineError(kind, "it cannot be had"))
        else:
            self.engine.offer_history(session, self._piece(session, texts))

    async def answers_requests(self, session: str, texts: list[str]) -> None:
        self.engine.phone(session).older = self._piece(session, texts)

    async def has_heard(self, session: str) -> list[str]:
        return [what for what, _ in self.engine.phone(session).heard]

    async def save_name(self, session: str, phone: str, name: str) -> None:
        index = ("contact", f"{phone}@s.whatsapp.net")
        self.engine.save(session, "critical_unblock_low", index, {"contactAction": {"fullName": name}})

    async def forget_name(self, session: str, phone: str) -> None:
        self.engine.save(session, "critical_unblock_low", ("contact", f"{phone}@s.whatsapp.net"), None)

    async def spoil_names(self, session: str) -> None:
        self.engine.phone(session).collections["critical_unblock_low"].wrong = 1

    async def add_group(self, session: str, subject: str) -> str:
        people = {self.phone_of(session): "member", self.somebody(): "admin"}
        members = [GroupMember(identity=Identity(phone=phone), role=role) for phone, role in people.items()]
        self.engine.phone(session).groups.append(
            Group(
                jid="120363000000000009@g.us",
                subject=subject,
                description=None,
                owner=None,
                created_at=None,
                is_announce=False,
                is_locked=False,
                ephemeral_s=0,
                members=tuple(members),
            )
        )
        return "120363000000000009@g.us"

    async def set_picture(self, image: bytes | None) -> None:
        self.engine.pictures[f"{self.somebody()}@s.whatsapp.net"] = Picture(id="1", url="https://x/1", image=image)

    async def hide_picture(self) -> None:
        self.engine.pictures[f"{self.somebody()}@s.whatsapp.net"] = Picture(id=None, why="hidden")

    async def type(self, session: str, state: str) -> None:
        chat = f"{self.somebody()}@s.whatsapp.net"
        who = Identity(phone=self.somebody())
        await self.engine.offer(session, Typing(session=session, chat=chat, chat_identity=who, sender=who, state=state))

    async def be_there(self, *, is_available: bool) -> None:
        who = Identity(phone=self.somebody())
        for session, _ in self.engine.watched:
            presence = Presence(session=session, identity=who, is_available=is_available, last_seen_at=None)
            await self.engine.offer(session, presence)

    async def sees_typing(self, session: str) -> str | None:
        return self._last(session, "typing")

    async def sees_presence(self, session: str) -> str | None:
        return self._last(session, "presence")

    async def is_read(self, session: str, wa_id: str) -> bool:
        return any(what == "read" and wa_id in told[2] for what, told in self.engine.phone(session).heard)

    def _last(self, session: str, what: str) -> str | None:
        return next((told for one, told in reversed(self.engine.phone(session).heard) if one == what), None)

    def _piece(self, session: str, texts: list[str]) -> HistoryBatch:
        chat, who = f"{self.somebody()}@s.whatsapp.net", Identity(phone=self.somebody())
        messages = [self.engine.incoming(session, text=text, sender=chat) for text in texts]
        return HistoryBatch(
            session=session,
            id="",
            conversations=(HistoryConversation(chat=chat, identity=who),),
            messages=tuple(HistoryMessage(incoming=one, place=n) for n, one in enumerate(messages)),
        )

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


@pytest.fixture
async def harness() -> AsyncIterator[FakeHarness]:
    harness = FakeHarness()
    async with running(harness.engine, harness.listener):
        yield harness


class TestContract(EngineContract):
    pass


class TestHistory(HistoryContract):
    pass


class TestAppState(AppStateContract):
    pass


class TestSocial(SocialContract):
    pass


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
