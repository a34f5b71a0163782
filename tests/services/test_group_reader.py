"""The list of groups is read when it is old, one group when something is left open; the rows are what they say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from recado.domain.engine import EngineError
from recado.domain.errors import Invalid, NotFound
from recado.domain.instances import Instance
from recado.domain.jid import Identity
from recado.domain.sync import Group, GroupMember
from recado.services.bell import Bell
from recado.services.reading.groups import Groups
from recado.services.reading.marks import Marks
from recado.services.receiving.group_reader import GroupReader
from recado.services.roster import Roster
from recado.store import instances
from recado.store.database import Database
from tests.stillclock import StillClock
from tests.store.house import BY_BOTH, BY_LID, GROUP, LID, PHONE, House
from tests.waiting import until

OWN = Identity(phone="5511999990001", lid="1@lid")
JOAO = Identity(phone="5511977776666", lid="2@lid")


def group(jid: str = GROUP, subject: str = "Equipe", *people: Identity, **fields: Any) -> Group:
    """This number and these people; the first of them is an admin."""
    roles = {one: "admin" if n == 0 else "member" for n, one in enumerate(people)}
    members = tuple(GroupMember(identity=one, role=role) for one, role in roles.items())
    plain = {
        "jid": jid,
        "subject": subject,
        "description": None,
        "owner": None,
        "created_at": None,
        "is_announce": False,
        "is_locked": False,
        "ephemeral_s": 0,
        "members": (GroupMember(identity=OWN, role="member"), *members),
    }
    return Group(**(plain | fields))


class Network:
    """The groups that there are, and what was asked."""

    def __init__(self) -> None:
        self.there: dict[str, Group] = {}
        self.asked: list[str] = []
        self.error: EngineError | None = None

    def has(self, *groups: Group) -> None:
        self.there = {one.jid: one for one in groups}

    async def groups(self, session: str, fence: int) -> list[Group]:
        self.asked.append("all")
        if self.error is not None:
            raise self.error
        return list(self.there.values())

    async def group(self, session: str, fence: int, chat: str) -> Group:
        self.asked.append(chat)
        if chat not in self.there:
            raise EngineError("server", "that group does not exist", server_code=404)
        return self.there[chat]


class Desk:
    def __init__(self, house: House, clock: StillClock, bell: Bell) -> None:
        self.house = house
        self.clock = clock
        self.network = Network()
        self.roster = Roster()
        self.reader = GroupReader(house.database, self.network, self.roster, clock, bell)
        self.groups = Groups(house.database)

    async def connected(self) -> None:
        self.roster.leave(self.house.id)
        self.roster.enter(self.house.id, 1)
        await self.settled()

    async def settled(self) -> None:
        await until(lambda: not self.reader._wanted and not self.reader._busy)

    async def hear(self, inbound: Any) -> None:
        """As the runtime does: stored first, then looked at."""
        await self.house.hear(inbound)
        self.reader.heard(inbound)
        await self.settled()

    async def instance(self) -> Instance:
        async with self.house.database.transaction() as tx:
            instance = await instances.get(tx, self.house.id)
        assert instance is not None
        return instance

    async def names(self) -> list[tuple[str, str | None, bool]]:
        query = "SELECT jid, name, left_at IS NULL FROM whatsapp_chats WHERE kind = 'group' ORDER BY jid"
        return await self.house.rows(query)

    async def members(self) -> dict[str, str]:
        query = """SELECT coalesce(c.lid, c.phone_number), g.role
            FROM whatsapp_group_members g JOIN whatsapp_contacts c ON c.id = g.contact_id"""
        return dict(await self.house.rows(query))


@pytest.fixture
async def desk(db: Database, clock: StillClock, bell: Bell) -> AsyncIterator[Desk]:
    house = await House(db, clock).open()
    await house.rows("UPDATE whatsapp_instances SET phone_number = %s, lid = %s RETURNING id", OWN.phone, OWN.lid)
    desk = Desk(house, clock, bell)
    task = asyncio.create_task(desk.reader.run())
    yield desk
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled(), task


async def test_the_first_list_makes_the_rows_in_silence(desk: Desk):
    desk.network.has(group(GROUP, "Equipe", BY_BOTH, description="Avisos"), group("9@g.us", "Família", JOAO))
    await desk.connected()
    assert await desk.names() == [(GROUP, "Equipe", True), ("9@g.us", "Família", True)]
    assert await desk.members() == {"1@lid": "member", LID: "admin", "2@lid": "admin"}
    assert await desk.house.told() == []


async def test_the_list_is_read_again_after_a_day_only(desk: Desk):
    await desk.connected()
    await desk.connected()
    assert desk.network.asked == ["all"]
    desk.clock.advance(timedelta(hours=25))
    await desk.connected()
    assert desk.network.asked == ["all", "all"]


async def test_a_list_that_could_not_be_had_is_asked_for_at_the_next_connect(desk: Desk):
    desk.network.error = EngineError("timeout", "no answer", may_retry=True)
    await desk.connected()
    desk.network.error = None
    desk.network.has(group(GROUP, "Equipe"))
    await desk.connected()
    assert await desk.names() == [(GROUP, "Equipe", True)]


async def test_a_number_that_is_linked_anew_has_its_list_read_in_silence(desk: Desk):
    desk.network.has(group(GROUP))
    await desk.connected()
    desk.network.has(group("9@g.us"))
    desk.reader.paired(desk.house.id)
    await desk.connected()
    assert await desk.names() == [(GROUP, "Equipe", False), ("9@g.us", "Equipe", True)]
    assert await desk.house.told() == ["group.left"]


async def test_a_later_list_tells_what_is_other_than_before(desk: Desk):
    desk.network.has(group(GROUP, "Equipe", BY_BOTH, JOAO))
    await desk.connected()
    desk.network.has(group(GROUP, "Loja", JOAO))
    desk.clock.advance(timedelta(hours=25))
    await desk.connected()
    told = [(one.type, one.data.get("changed"), one.data.get("action")) for one in await desk.house.events()]
    assert told == [
        ("group.updated", {"subject": "Loja"}, None),
        ("group.members", None, "left"),
        ("group.members", None, "promoted"),
    ]


async def test_a_group_that_the_list_has_not_any_more_was_left(desk: Desk):
    desk.network.has(group(GROUP), group("9@g.us"))
    await desk.connected()
    desk.network.has(group("9@g.us"))
    desk.clock.advance(timedelta(hours=25))
    await desk.connected()
    assert await desk.names() == [(GROUP, "Equipe", False), ("9@g.us", "Equipe", True)]
    assert await desk.house.told() == ["group.left"]


async def test_a_message_from_a_group_that_is_not_known_has_it_asked_for_once(desk: Desk):
    await desk.connected()
    desk.network.has(group(GROUP, "Equipe", BY_LID))
    await desk.hear(desk.house.text(who=BY_LID, chat=GROUP))
    await desk.hear(desk.house.text("2", who=BY_LID, chat=GROUP))
    assert desk.network.asked == ["all", GROUP]
    assert await desk.names() == [(GROUP, "Equipe", True)]
    assert [one.data["changed"] for one in await desk.house.events("group.updated")] == [{"subject": "Equipe"}]


async def test_a_message_from_a_group_that_is_known_asks_nothing(desk: Desk):
    desk.network.has(group(GROUP, "Equipe", BY_LID))
    await desk.connected()
    await desk.hear(desk.house.text(who=BY_LID, chat=GROUP))
    assert desk.network.asked == ["all"]


async def test_a_group_that_cannot_be_seen_is_left_as_it_is(desk: Desk):
    await desk.connected()
    await desk.hear(desk.house.text(who=BY_LID, chat=GROUP))
    assert await desk.names() == [(GROUP, None, True)]


async def test_the_numbers_of_who_joins_under_a_lid_are_asked_for(desk: Desk):
    desk.network.has(group(GROUP))
    await desk.connected()
    desk.network.has(group(GROUP, "Equipe", BY_BOTH))
    await desk.hear(desk.house.notice("GroupInfo", {"JID": GROUP, "Join": [LID]}))
    assert desk.network.asked == ["all", GROUP]
    assert await desk.house.value("SELECT phone_number FROM whatsapp_contacts WHERE lid = %s", LID) == PHONE
    assert [one.data["action"] for one in await desk.house.events("group.members")] == ["joined", "promoted"]


async def test_what_a_notice_cannot_say_is_asked_for(desk: Desk):
    await desk.connected()
    desk.network.has(group(GROUP, "Equipe"))
    await desk.hear(desk.house.notice("GroupInfo", {"JID": GROUP, "UnknownChanges": [{"Tag": "odd"}]}))
    assert await desk.names() == [(GROUP, "Equipe", True)]


async def test_members_of_a_group_say_which_number_is_whose(desk: Desk):
    await desk.house.hear(desk.house.text(who=BY_LID, push_name="Maria"))
    await desk.house.hear(desk.house.text(who=Identity(phone=PHONE)))
    desk.network.has(group(GROUP, "Equipe", BY_BOTH))
    await desk.connected()
    living = "SELECT phone_number, lid, push_name FROM whatsapp_contacts WHERE merged_into IS NULL AND lid = %s"
    assert await desk.house.rows(living, LID) == [(PHONE, LID, "Maria")]
    assert await desk.members() == {"1@lid": "member", LID: "admin"}


async def test_groups_are_listed_in_pages_and_shown_with_their_members(desk: Desk):
    desk.network.has(*(group(f"{n}@g.us", f"Grupo {n}", BY_BOTH) for n in range(3)))
    await desk.connected()
    instance = await desk.instance()
    first = await desk.groups.list(instance, limit=2)
    second = await desk.groups.list(instance, after=first.next, limit=2)
    assert {one.chat.name for page in (first, second) for one in page.items} == {"Grupo 0", "Grupo 1", "Grupo 2"}
    assert second.next is None
    shown = await desk.groups.get(instance, first.items[0].chat.id)
    assert (shown.member_count, {role for _, role in shown.members}) == (2, {"member", "admin"})


async def test_what_is_no_group_or_no_cursor_is_said_so(desk: Desk):
    await desk.house.hear(desk.house.text(who=BY_LID))
    chat = await desk.house.value("SELECT id FROM whatsapp_chats")
    with pytest.raises(NotFound):
        await desk.groups.get(await desk.instance(), chat)
    with pytest.raises(Invalid):
        await desk.groups.list(await desk.instance(), after="odd")


async def test_a_cursor_of_another_instance_is_refused(desk: Desk):
    instance = await desk.instance()
    of_another = Marks("groups", uuid4()).at(uuid4())
    with pytest.raises(Invalid):
        await desk.groups.list(instance, after=of_another)


async def test_many_members_are_written_in_several_transactions(desk: Desk):
    people = [Identity(lid=f"{n}@lid") for n in range(1_000, 2_500)]
    desk.network.has(group(GROUP, "A", *people), group("9@g.us", "B", *people), group("8@g.us", "C", *people[:2]))
    await desk.connected()
    counts = await desk.house.rows("SELECT count(*) FROM whatsapp_group_members GROUP BY chat_id ORDER BY 1")
    assert counts == [(3,), (1_501,), (1_501,)]
