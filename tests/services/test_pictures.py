"""Pictures are asked for one a second, kept for a day, and fetched anew when the network says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from recado.domain.engine import EngineError
from recado.domain.errors import Conflict, NotFound, TooMany
from recado.domain.instances import Instance
from recado.domain.jid import Identity
from recado.domain.sync import Picture
from recado.services.calls import Calls
from recado.services.receiving.pictures import Pictures
from recado.services.roster import Roster
from recado.store import instances
from recado.store.database import Database
from tests.stillclock import StillClock
from tests.store.house import BY_BOTH, BY_LID, BY_PHONE, GROUP, PHONE_JID, House
from tests.waiting import until

JPEG = b"\xff\xd8\xff\xe0 one"
OTHER = b"\xff\xd8\xff\xe0 two"


class Network:
    """Who has which picture, and what was asked: JID and the id that was known."""

    def __init__(self) -> None:
        self.there: dict[str, tuple[str, bytes]] = {}
        self.hidden: set[str] = set()
        self.asked: list[tuple[str, str | None]] = []

    async def picture(self, session: str, fence: int, jid: str, known: str | None, *, is_preview: bool) -> Picture:
        self.asked.append((jid, known))
        if jid not in self.there:
            return Picture(id=None, why="hidden" if jid in self.hidden else "none")
        id, image = self.there[jid]
        return Picture(id=id, url="https://example.net/p", image=None if id == known else image)


class Desk:
    def __init__(self, house: House, clock: StillClock) -> None:
        self.house = house
        self.clock = clock
        self.network = Network()
        self.roster = Roster()
        self.roster.enter(house.id, 1)
        calls = Calls(house.database, self.roster)
        self.pictures = Pictures(house.database, self.network, self.roster, clock, calls)

    async def instance(self) -> Instance:
        async with self.house.database.transaction() as tx:
            instance = await instances.get(tx, self.house.id)
        assert instance is not None
        return instance

    async def contact(self) -> UUID:
        return await self.house.value("SELECT id FROM whatsapp_contacts WHERE merged_into IS NULL")

    async def look(self) -> bytes:
        return (await self.pictures.of_contact(await self.instance(), await self.contact())).content


@pytest.fixture
async def desk(db: Database, clock: StillClock) -> AsyncIterator[Desk]:
    house = await House(db, clock).open()
    await house.hear(house.text(who=BY_BOTH))
    desk = Desk(house, clock)
    task = asyncio.create_task(desk.pictures.run())
    yield desk
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled(), task


async def test_a_picture_is_asked_for_once_and_kept(desk: Desk):
    desk.network.there[PHONE_JID] = ("7", JPEG)
    assert await desk.look() == await desk.look() == JPEG
    assert desk.network.asked == [(PHONE_JID, None)]
    row = "SELECT picture_id, picture_url, picture_at FROM whatsapp_contacts"
    assert await desk.house.rows(row) == [("7", "https://example.net/p", desk.clock.now())]


async def test_after_a_day_it_is_asked_for_again_and_may_be_the_same(desk: Desk):
    desk.network.there[PHONE_JID] = ("7", JPEG)
    await desk.look()
    desk.clock.advance(timedelta(hours=25))
    assert await desk.look() == JPEG
    assert await desk.look() == JPEG
    assert desk.network.asked == [(PHONE_JID, None), (PHONE_JID, "7")]


@pytest.mark.parametrize(("is_hidden", "code"), [(False, "no_picture"), (True, "picture_hidden")])
async def test_there_may_be_none_to_be_seen(desk: Desk, is_hidden: bool, code: str):
    desk.network.hidden |= {PHONE_JID} if is_hidden else set()
    for _ in range(2):
        with pytest.raises(NotFound) as refusal:
            await desk.look()
        assert refusal.value.code == code
    assert len(desk.network.asked) == 1


async def test_what_is_kept_is_shown_while_not_connected_however_old(desk: Desk):
    desk.network.there[PHONE_JID] = ("7", JPEG)
    await desk.look()
    desk.roster.leave(desk.house.id)
    desk.clock.advance(timedelta(days=9))
    assert await desk.look() == JPEG


async def test_what_is_not_kept_cannot_be_had_while_not_connected(desk: Desk):
    desk.roster.leave(desk.house.id)
    with pytest.raises(Conflict) as refusal:
        await desk.look()
    assert refusal.value.code == "not_connected"


async def test_one_a_second_goes_to_the_network(desk: Desk):
    for n in range(3):
        await desk.house.hear(desk.house.text(who=Identity(phone=f"551198888000{n}")))
        desk.network.there[f"551198888000{n}@s.whatsapp.net"] = (str(n), JPEG)
    ids = [id for (id,) in await desk.house.rows("SELECT id FROM whatsapp_contacts WHERE phone_number LIKE '%%8000_'")]
    instance = await desk.instance()
    looks = asyncio.gather(*(desk.pictures.of_contact(instance, id) for id in ids))
    for count in (1, 2, 3):
        await until(lambda count=count: len(desk.network.asked) == count)
        if count < 3:
            await desk.clock.until_asleep(3 - count)
            desk.clock.advance(timedelta(seconds=1))
    assert [image.content for image in await looks] == [JPEG] * 3


async def test_who_asks_for_the_same_one_waits_for_the_one_answer(desk: Desk):
    desk.network.there[PHONE_JID] = ("7", JPEG)
    assert await asyncio.gather(*(desk.look() for _ in range(5))) == [JPEG] * 5
    assert len(desk.network.asked) == 1


async def test_a_queue_that_is_too_long_is_refused(desk: Desk):
    desk.pictures._free_at[desk.house.id] = desk.clock.now() + timedelta(seconds=16)
    with pytest.raises(TooMany) as refusal:
        await desk.look()
    assert refusal.value.retry_after == 16


async def test_a_changed_picture_is_fetched_without_being_asked_for(desk: Desk):
    desk.network.there[PHONE_JID] = ("7", JPEG)
    await desk.look()
    desk.clock.advance(timedelta(seconds=2))
    desk.network.there[PHONE_JID] = ("8", OTHER)
    notice = desk.house.notice("Picture", {"JID": PHONE_JID, "PictureID": "8"})
    await desk.house.hear(notice)
    desk.pictures.heard(notice)
    kept = "SELECT picture_id FROM recado.pictures"
    await until(lambda: desk.house.rows(kept + " WHERE image = %s", OTHER))
    assert await desk.look() == OTHER
    assert desk.network.asked == [(PHONE_JID, None), (PHONE_JID, "7")]


async def test_a_removed_picture_is_gone_at_the_next_look(desk: Desk):
    desk.network.there[PHONE_JID] = ("7", JPEG)
    await desk.look()
    desk.clock.advance(timedelta(seconds=2))
    del desk.network.there[PHONE_JID]
    await desk.house.hear(desk.house.notice("Picture", {"JID": PHONE_JID, "Remove": True}))
    with pytest.raises(NotFound):
        await desk.look()
    assert await desk.house.rows("SELECT picture_id, picture_url FROM whatsapp_contacts") == [(None, None)]


async def test_a_group_has_one_too_and_a_chat_with_a_person_has_theirs(desk: Desk):
    await desk.house.hear(desk.house.text(who=BY_LID, chat=GROUP))
    desk.network.there |= {GROUP: ("1", JPEG), PHONE_JID: ("2", OTHER)}
    instance, found = await desk.instance(), {}
    for id, kind in await desk.house.rows("SELECT id, kind FROM whatsapp_chats ORDER BY kind"):
        found[kind] = (await desk.pictures.of_chat(instance, id)).content
        desk.clock.advance(timedelta(seconds=2))
    assert found == {"group": JPEG, "person": OTHER}


async def test_a_merge_keeps_the_picture(desk: Desk, db: Database, clock: StillClock):
    house = await House(db, clock, "outra").open()
    await house.hear(house.text(who=BY_LID), house.text(who=BY_PHONE))
    newer = "SELECT id FROM whatsapp_contacts WHERE phone_number IS NOT NULL AND instance_id = %s"
    put = "INSERT INTO recado.pictures VALUES (%s, %s, '1', 'image/jpeg', 'x', NULL, now()) RETURNING subject"
    loser = await house.value(newer, house.id)
    await house.rows(put, loser, house.id)
    await house.rows("UPDATE whatsapp_contacts SET picture_id = '1' WHERE id = %s RETURNING id", loser)
    await house.hear(house.text(who=BY_BOTH))
    survivor = "SELECT id, picture_id FROM whatsapp_contacts WHERE merged_into IS NULL AND instance_id = %s"
    assert await house.rows("SELECT subject, picture_id FROM recado.pictures") == await house.rows(survivor, house.id)
    assert await house.value(survivor.replace("id, ", ""), house.id) == "1"


async def test_a_refusal_of_the_network_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    async def refuse(*_: object, **__: object) -> Picture:
        raise EngineError("server", "rate-overlimit", server_code=429)

    monkeypatch.setattr(desk.network, "picture", refuse)
    with pytest.raises(TooMany):
        await desk.look()
