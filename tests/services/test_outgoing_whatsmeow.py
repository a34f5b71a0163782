"""Sending from the request to the person who reads it: the real engine and the simulated network."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from recado.clock import SystemClock
from recado.domain.errors import Invalid
from recado.domain.instances import Instance
from recado.services.bell import Bell
from recado.services.roster import Roster
from recado.services.sending.outgoing import Outgoing
from tests.engines.harness import link
from tests.engines.whatsmeow_harness import WhatsmeowHarness, whatsmeow
from tests.services.post import GUARD, an_instance
from tests.waiting import until

pytestmark = pytest.mark.engine


class Line:
    """One linked instance whose number is the phone that ends in 1."""

    def __init__(self, harness: WhatsmeowHarness, instance: Instance, outgoing: Outgoing, roster: Roster) -> None:
        self.harness = harness
        self.instance = instance
        self.outgoing = outgoing
        self.roster = roster

    async def send(self, text: str, to: str, **more):
        accepted = await self.outgoing.accept(self.instance, to=to, text=text, **more)
        return await self.outgoing.settled(accepted.message.id, timeout=GUARD)


@pytest.fixture
async def line(db, database_url, tmp_path) -> AsyncIterator[Line]:
    clock, roster = SystemClock(), Roster()
    async with whatsmeow(database_url, tmp_path) as harness:
        instance = an_instance(clock, "loja")
        harness.numbers[str(instance.id)] = "1"
        async with db.transaction() as tx:
            await tx.execute(
                "INSERT INTO public.whatsapp_instances (id, instance_name) VALUES (%s, 'loja')", [instance.id]
            )
        await link(harness, str(instance.id))
        outgoing = Outgoing(db, harness.engine, roster, clock, Bell())
        roster.enter(instance.id, 1)
        running = asyncio.ensure_future(outgoing.run())
        yield Line(harness, instance, outgoing, roster)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def test_a_number_as_people_write_it_is_reached(line):
    message = await line.send("Olá, Maria! 👋", "(11) 98888-7777")
    assert message.status == "sent"
    assert await line.harness.contact.wait_text("Maria") == "Olá, Maria! 👋"
    contact = message.chat.contact
    assert (contact.phone_number, contact.lid) == (line.harness.contact.phone, line.harness.contact.lid)


async def test_an_answer_quotes_what_it_answers(line):
    first = await line.send("first", "+5511988887777")
    await line.send("second", "+5511988887777", quoted=first.wa_id)
    assert await line.harness.contact.wait_text("second") == "second"


async def test_a_number_without_an_account_is_refused(line):
    with pytest.raises(Invalid) as caught:
        await line.send("Oi", f"+{line.harness.nobody()}")
    assert caught.value.code == "not_on_whatsapp"


async def test_a_refusal_by_the_network_fails_the_message_with_its_code(line):
    line.harness.network.faults.nack(line.harness.phone(str(line.instance.id)), 463)
    message = await line.send("Oi", "+5511988887777")
    assert (message.status, message.error_code) == ("failed", "server_463")


async def test_a_message_goes_once_though_the_host_is_killed_under_it(line):
    await line.send("before", "+5511988887777")
    session = str(line.instance.id)
    line.harness.network.faults.withhold_acks(line.harness.phone(session))
    accepted = await line.outgoing.accept(line.instance, to="+5511988887777", text="under way")
    await line.harness.contact.wait_text("under way")
    await line.harness.crash()
    line.roster.leave(line.instance.id)
    await line.harness.listener.signalled("host_up", count=2)
    line.harness.network.faults.clear()
    await line.harness.engine.start(session, 2)
    await line.harness.listener.signalled("connected", session, count=2)
    line.roster.enter(line.instance.id, 2)
    assert (await line.outgoing.settled(accepted.message.id, timeout=GUARD)).status == "sent"
    rows = line.harness.network.ledger.outbound(line.harness.phone(session))
    await until(lambda: {row.id for row in rows} >= {accepted.message.wa_id})
    assert [message.text for message in line.harness.contact.inbox] == ["before", "under way"]
