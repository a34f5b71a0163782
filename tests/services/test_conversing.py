"""Reading, typing and presence: both ways, nothing kept but what was read, nothing done while not connected."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from recado.domain.engine import EngineError
from recado.domain.errors import Conflict, Invalid, NotFound, Unavailable
from recado.domain.instances import Instance
from recado.domain.jid import Identity
from recado.domain.sync import Presence, Typing
from recado.services.bell import Bell
from recado.services.calls import Calls
from recado.services.conversing import Conversations
from recado.services.roster import Roster
from recado.store import instances
from recado.store.database import Database
from tests.stillclock import START, StillClock
from tests.store.house import BY_BOTH, BY_LID, BY_PHONE, GROUP, LID, PHONE_JID, House, at

JOAO = Identity(phone="5511977776666")


class Network:
    """What was sent, as the engine's calls."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []
        self.error: EngineError | None = None

    async def mark_read(
        self, session: str, fence: int, *, chat: str, sender: str | None, wa_ids: list[str], at: datetime
    ) -> None:
        self._send("read", chat, sender, wa_ids)

    async def set_presence(self, session: str, fence: int, *, is_available: bool) -> None:
        self._send("presence", is_available)

    async def set_typing(self, session: str, fence: int, *, chat: str, state: str) -> None:
        self._send("typing", chat, state)

    async def watch(self, session: str, fence: int, jid: str) -> None:
        self._send("watch", jid)

    def _send(self, *what: Any) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append(what)


class Desk:
    def __init__(self, house: House, clock: StillClock, bell: Bell) -> None:
        self.house = house
        self.network = Network()
        self.roster = Roster()
        self.roster.enter(house.id, 1)
        calls = Calls(house.database, self.roster)
        self.conversations = Conversations(house.database, self.network, self.roster, clock, bell, calls)

    async def instance(self) -> Instance:
        async with self.house.database.transaction() as tx:
            instance = await instances.get(tx, self.house.id)
        assert instance is not None
        return instance

    async def chat(self) -> UUID:
        return await self.house.value("SELECT id FROM whatsapp_chats WHERE merged_into IS NULL")

    async def read(self) -> Any:
        return await self.conversations.read(await self.instance(), await self.chat())

    async def unread(self) -> int:
        return await self.house.value("SELECT unread_count FROM whatsapp_chats")


@pytest.fixture
async def desk(db: Database, clock: StillClock, bell: Bell) -> Desk:
    return Desk(await House(db, clock).open(), clock, bell)


async def test_a_read_chat_has_nothing_unread_and_its_sender_is_told(desk: Desk):
    first, second = desk.house.text("1", who=BY_BOTH), desk.house.text("2", who=BY_BOTH)
    await desk.house.hear(first, desk.house.own(to=BY_BOTH), second)
    chat = await desk.read()
    assert (chat.unread_count, await desk.unread()) == (0, 0)
    assert desk.network.sent == [("read", LID, None, [first.wa_id, second.wa_id])]
    [event] = await desk.house.events("chat.updated")
    assert (event.data["unread_count"], event.data["chat"]["id"]) == (0, str(chat.id))


async def test_only_what_is_unread_is_told(desk: Desk):
    await desk.house.hear(desk.house.text("1", who=BY_PHONE))
    await desk.read()
    later = desk.house.text("2", who=BY_PHONE)
    await desk.house.hear(later)
    await desk.read()
    assert desk.network.sent[1:] == [("read", PHONE_JID, None, [later.wa_id])]


async def test_in_a_group_each_sender_is_told_of_their_own(desk: Desk):
    one = desk.house.text("1", who=BY_BOTH, chat=GROUP)
    two = desk.house.text("2", who=JOAO, chat=GROUP)
    three = desk.house.text("3", who=BY_BOTH, chat=GROUP)
    await desk.house.hear(one, two, three)
    await desk.read()
    assert desk.network.sent == [
        ("read", GROUP, LID, [one.wa_id, three.wa_id]),
        ("read", GROUP, "5511977776666@s.whatsapp.net", [two.wa_id]),
    ]


async def test_a_chat_where_nothing_is_unread_tells_nobody_anything(desk: Desk):
    await desk.house.hear(desk.house.own(to=BY_BOTH))
    await desk.read()
    assert desk.network.sent == []
    assert await desk.house.events("chat.updated") == []


async def test_a_chat_marked_as_unread_is_read_too(desk: Desk):
    await desk.house.hear(desk.house.own(to=BY_BOTH))
    await desk.house.rows("UPDATE whatsapp_chats SET is_marked_unread = true RETURNING id")
    await desk.read()
    assert not await desk.house.value("SELECT is_marked_unread FROM whatsapp_chats")
    assert len(await desk.house.events("chat.updated")) == 1


async def test_what_came_while_the_receipt_went_out_is_unread_still(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    await desk.house.hear(desk.house.text("1", who=BY_BOTH))

    async def meanwhile(*_: object, **__: object) -> None:
        await desk.house.hear(desk.house.text("2", who=BY_BOTH, sent_at=at(1)))

    monkeypatch.setattr(desk.network, "mark_read", meanwhile)
    assert (await desk.read()).unread_count == 1


async def test_more_may_be_counted_than_there_is(desk: Desk):
    await desk.house.hear(desk.house.text("1", who=BY_BOTH))
    await desk.house.rows("UPDATE whatsapp_chats SET unread_count = 7 RETURNING id")
    assert (await desk.read()).unread_count == 0


async def test_reactions_are_nothing_to_be_read(desk: Desk):
    first = desk.house.text("1", who=BY_BOTH)
    reaction = desk.house.text("x", who=BY_BOTH, kind="reactionMessage", sent_at=at(1))
    await desk.house.hear(first, reaction)
    await desk.read()
    assert desk.network.sent == [("read", LID, None, [first.wa_id])]


async def test_while_not_connected_nothing_is_done(desk: Desk):
    await desk.house.hear(desk.house.text(who=BY_BOTH))
    desk.roster.leave(desk.house.id)
    instance, chat = await desk.instance(), await desk.chat()
    contact = await desk.house.value("SELECT id FROM whatsapp_contacts")
    for call in (
        desk.conversations.read(instance, chat),
        desk.conversations.type(instance, chat, "composing"),
        desk.conversations.show(instance, is_available=True),
        desk.conversations.watch(instance, contact),
    ):
        with pytest.raises(Conflict) as refusal:
            await call
        assert refusal.value.code == "not_connected"
    assert (await desk.unread(), desk.network.sent) == (1, [])


@pytest.mark.parametrize(("kind", "error"), [("not_connected", Conflict), ("timeout", Unavailable)])
async def test_a_receipt_that_did_not_go_out_leaves_all_unread(desk: Desk, kind: str, error: type[Exception]):
    await desk.house.hear(desk.house.text(who=BY_BOTH))
    desk.network.error = EngineError(kind, "no", may_retry=True)
    with pytest.raises(error):
        await desk.read()
    assert await desk.unread() == 1


async def test_typing_presence_and_watching_go_out(desk: Desk):
    await desk.house.hear(desk.house.text(who=BY_BOTH))
    instance = await desk.instance()
    await desk.conversations.type(instance, await desk.chat(), "recording")
    await desk.conversations.show(instance, is_available=False)
    await desk.conversations.watch(instance, await desk.house.value("SELECT id FROM whatsapp_contacts"))
    assert desk.network.sent == [("typing", LID, "recording"), ("presence", False), ("watch", LID)]


async def test_there_is_nobody_to_tell(desk: Desk):
    instance = await desk.instance()
    with pytest.raises(NotFound):
        await desk.conversations.read(instance, instance.id)
    with pytest.raises(NotFound):
        await desk.conversations.watch(instance, instance.id)
    await desk.house.hear(desk.house.text(who=Identity(), chat="123@newsletter"))
    with pytest.raises(Invalid):
        await desk.read()


async def test_typing_of_others_is_told_and_makes_no_row(desk: Desk):
    await desk.house.hear(desk.house.text(who=BY_BOTH, push_name="Maria"))
    before = await desk.house.rows("SELECT * FROM whatsapp_chats")
    for chat, state in ((LID, "composing"), (PHONE_JID, "paused")):
        who = BY_LID if chat == LID else BY_PHONE
        await desk.conversations.handle(
            Typing(session=str(desk.house.id), chat=chat, chat_identity=who, sender=who, state=state)
        )
    events = await desk.house.events("chat.typing")
    assert [(event.data["state"], event.data["sender"]["name"]) for event in events] == [
        ("composing", "Maria"),
        ("paused", "Maria"),
    ]
    assert await desk.house.rows("SELECT * FROM whatsapp_chats") == before


async def test_typing_in_a_group_names_who_it_is(desk: Desk):
    await desk.house.hear(desk.house.text(who=BY_BOTH, chat=GROUP, push_name="Maria"))
    await desk.conversations.handle(
        Typing(session=str(desk.house.id), chat=GROUP, chat_identity=Identity(), sender=BY_LID, state="composing")
    )
    [event] = await desk.house.events("chat.typing")
    assert (event.data["chat"]["jid"], event.data["sender"]["lid"]) == (GROUP, LID)


async def test_presence_of_others_is_told(desk: Desk):
    await desk.house.hear(desk.house.text(who=BY_BOTH))
    for is_available, last_seen_at in ((True, None), (False, START)):
        await desk.conversations.handle(
            Presence(session=str(desk.house.id), identity=BY_LID, is_available=is_available, last_seen_at=last_seen_at)
        )
    events = await desk.house.events("contact.presence")
    assert [(one.data["is_available"], one.data["last_seen_at"]) for one in events] == [
        (True, None),
        (False, "2026-03-14T15:09:26.000Z"),
    ]


async def test_strangers_and_unknown_sessions_are_nobodys_concern(desk: Desk):
    for session in (str(desk.house.id), "odd", "00000000-0000-7000-8000-000000000000"):
        await desk.conversations.handle(
            Presence(session=session, identity=BY_LID, is_available=True, last_seen_at=None)
        )
        await desk.conversations.handle(
            Typing(session=session, chat=LID, chat_identity=BY_LID, sender=BY_LID, state="composing")
        )
    assert await desk.house.told() == []
