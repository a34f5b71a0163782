"""Whom a message is for: what is known, what WhatsApp says, and what is guessed in the meantime."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from recado.domain.engine import EngineError, Resolved
from recado.domain.errors import Invalid
from recado.domain.jid import Identity
from recado.services.roster import Roster
from recado.services.sending.recipients import Recipients
from tests.engines.fake import FakeEngine
from tests.engines.notebook import Notebook

MARIA = "+5511988887777"
OLD_FORM = Resolved(query=MARIA, is_registered=True, jid="551188887777@s.whatsapp.net", lid="77@lid")


class Desk:
    def __init__(self, database, clock) -> None:
        self.database = database
        self.clock = clock
        self.engine = FakeEngine(clock)
        self.roster = Roster()
        self.recipients = Recipients(database, self.engine, self.roster, clock)
        self.instance_id = clock.new_id()

    async def open(self) -> None:
        async with self.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO public.whatsapp_instances (id, instance_name) VALUES (%s, 'loja')", [self.instance_id]
            )
        self.engine.link(str(self.instance_id))
        await self.engine.start(str(self.instance_id), 1)
        await asyncio.sleep(0)

    def connect(self) -> None:
        self.roster.enter(self.instance_id, 1)

    async def know(self, phone: str, lid: str | None) -> None:
        async with self.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO public.whatsapp_contacts (id, instance_id, phone_number, lid) VALUES (%s, %s, %s, %s)",
                (self.clock.new_id(), self.instance_id, phone, lid),
            )

    async def find(self, to: str = MARIA):
        return await self.recipients.find(self.instance_id, to)

    @property
    def questions(self) -> int:
        return [method for method, _, _ in self.engine.calls].count("resolve")


@pytest.fixture
async def desk(db, clock):
    desk = Desk(db, clock)
    running = asyncio.ensure_future(desk.engine.run(Notebook()))
    await desk.engine.attached.wait()
    await desk.open()
    yield desk
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_connected_instance_asks_whatsapp_which_number_it_is(desk):
    desk.connect()
    desk.engine.accounts[MARIA] = OLD_FORM
    found = await desk.find()
    assert (found.wire, found.is_guess) == ("551188887777@s.whatsapp.net", False)
    assert found.address.identity == Identity(phone="551188887777", lid="77@lid")


async def test_the_answer_is_remembered_for_an_hour(desk):
    desk.connect()
    first = await desk.find()
    assert await desk.find() == first
    assert desk.questions == 1
    desk.clock.advance(timedelta(hours=2))
    await desk.find()
    assert desk.questions == 2


async def test_without_a_connection_the_number_is_a_guess_and_is_not_remembered(desk):
    assert (await desk.find()).is_guess
    desk.connect()
    assert not (await desk.find()).is_guess


@pytest.mark.parametrize("known", ["5511988887777", "551188887777"])
async def test_a_contact_that_whatsapp_has_confirmed_needs_no_question_in_either_spelling(desk, known):
    await desk.know(known, "77@lid")
    desk.connect()
    found = await desk.find()
    assert (found.wire, found.address.identity) == (f"{known}@s.whatsapp.net", Identity(phone=known, lid="77@lid"))
    assert desk.questions == 0


async def test_a_contact_that_was_only_a_guess_is_asked_for(desk):
    await desk.know("5511988887777", None)
    desk.connect()
    desk.engine.accounts[MARIA] = OLD_FORM
    assert (await desk.find()).wire == "551188887777@s.whatsapp.net"


async def test_a_number_without_an_account_is_refused(desk):
    desk.connect()
    desk.engine.accounts[MARIA] = Resolved(query=MARIA, is_registered=False)
    with pytest.raises(Invalid) as caught:
        await desk.find()
    assert (caught.value.code, caught.value.extra["field"]) == ("not_on_whatsapp", "to")


async def test_a_question_that_fails_leaves_a_guess(desk):
    desk.connect()
    desk.engine.script("resolve", EngineError("timeout", "no answer", may_retry=True))
    assert (await desk.find()).is_guess


async def test_a_jid_is_never_asked_for(desk):
    desk.connect()
    assert (await desk.find("123@lid")).wire == "123@lid"
    assert desk.questions == 0
