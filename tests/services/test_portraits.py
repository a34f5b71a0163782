"""Pictures for a list of chats: what nobody has asked for is fetched behind it, once, the newest wish first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from recado.domain.access import EVERYTHING
from recado.domain.instances import Instance
from recado.domain.jid import Identity
from recado.domain.overviews import ChatOverview
from recado.services.reading.inbox import Inbox
from recado.services.reading.messages import Messages
from recado.services.receiving.portraits import MOST, Portraits
from recado.store.database import Database
from tests.services.test_pictures import JPEG, Desk
from tests.stillclock import StillClock
from tests.store.house import House
from tests.waiting import until

PEOPLE = [Identity(phone=f"55119000000{n:02d}") for n in range(3)]
JIDS = [f"{one.phone}@s.whatsapp.net" for one in PEOPLE]


@pytest.fixture
async def desk(db: Database, clock: StillClock) -> Desk:
    house = await House(db, clock).open()
    await house.hear(*[house.text(who=who) for who in PEOPLE])
    await house.rows("UPDATE public.whatsapp_instances SET status = 'connected' RETURNING id")
    return Desk(house, clock)


@pytest.fixture
async def portraits(desk: Desk, clock: StillClock) -> AsyncIterator[Portraits]:
    portraits = Portraits(desk.pictures, clock)
    task = asyncio.create_task(portraits.run())
    yield portraits
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled(), task


async def listed(desk: Desk) -> list[ChatOverview]:
    """The chats of PEOPLE, in that order."""
    found = (await Inbox(desk.house.database, Messages(desk.house.database)).chats(EVERYTHING)).page.items
    return sorted(found, key=lambda one: one.chat.contact.phone_number if one.chat.contact else "")


async def asked(desk: Desk, count: int) -> list[str]:
    """Whom the network was asked about, once it has been asked so often; a second passes between two."""

    async def is_so() -> bool:
        if len(desk.network.asked) < count:
            desk.clock.advance(timedelta(seconds=1))
        return len(desk.network.asked) >= count

    await until(is_so)
    return [jid for jid, _ in desk.network.asked]


async def test_each_is_asked_for_once_the_last_one_wanted_first(desk: Desk, portraits: Portraits):
    desk.network.there[JIDS[0]] = ("7", JPEG)
    for _ in range(2):
        portraits.want(await desk.instance(), await listed(desk))
    assert await asked(desk, 3) == JIDS[::-1]
    await until(lambda: known(desk, 1))
    portraits.want(await desk.instance(), await listed(desk))
    found = {one.picture_id for one in await listed(desk)}
    assert (found, len(desk.network.asked)) == ({None, "7"}, 3)


async def known(desk: Desk, count: int) -> bool:
    return sum(one.picture_id is not None for one in await listed(desk)) == count


async def test_of_an_instance_that_is_not_connected_nothing_is_wanted(desk: Desk, portraits: Portraits):
    off: Instance = replace(await desk.instance(), status="disconnected")
    portraits.want(off, await listed(desk))
    portraits.want(await desk.instance(), (await listed(desk))[:1])
    assert await asked(desk, 1) == JIDS[:1]


async def test_when_the_connection_is_lost_the_rest_waits_until_somebody_looks_again(desk: Desk, portraits: Portraits):
    desk.roster.leave(desk.house.id)
    portraits.want(await desk.instance(), await listed(desk))
    await until(lambda: is_idle(portraits))
    desk.roster.enter(desk.house.id, 2)
    portraits.want(await desk.instance(), (await listed(desk))[1:2])
    assert await asked(desk, 1) == JIDS[1:2]


async def is_idle(portraits: Portraits) -> bool:
    return portraits.waiting == 0


async def test_no_more_than_two_hundred_of_an_instance_wait(desk: Desk, clock: StillClock):
    portraits = Portraits(desk.pictures, clock)
    [one, *_] = await listed(desk)
    many = [replace(one, chat=replace(one.chat, id=clock.new_id())) for _ in range(MOST + 5)]
    portraits.want(await desk.instance(), many)
    assert portraits.waiting == MOST
