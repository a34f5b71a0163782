"""What receipts do to the messages that they speak of."""

from __future__ import annotations

import pytest

from recado.domain.jid import Identity
from recado.domain.status import step_of
from recado.store import messages
from recado.store.database import Database
from tests.stillclock import StillClock
from tests.store.house import BY_BOTH, BY_LID, GROUP, PHONE, House, at


@pytest.fixture
async def house(db: Database, clock: StillClock) -> House:
    return await House(db, clock).open()


async def status_of(house: House) -> str:
    return await house.value("SELECT status FROM public.whatsapp_messages WHERE from_me")


async def test_a_receipt_moves_the_message_and_is_told(house: House):
    own = house.own("Olá")
    await house.hear(own)
    await house.hear(house.receipt(own.wa_id, type="read", at=at(60)))
    assert await house.messages("status, status_at") == [("read", at(60))]
    event = (await house.events("message.status"))[0]
    assert (event.data["wa_id"], event.data["status"], event.data["step"]["status"]) == (own.wa_id, "read", "read")
    assert event.data["step"]["contact"]["phone_number"] == PHONE
    assert event.data["chat"]["phone_number"] == PHONE


async def test_the_status_only_moves_forward_and_the_history_has_every_step(house: House):
    own = house.own("Olá")
    await house.hear(own)
    await house.hear(house.receipt(own.wa_id, type="read"))
    await house.hear(house.receipt(own.wa_id, type="delivered"))
    assert await status_of(house) == "read"
    steps = "SELECT status FROM public.whatsapp_message_status ORDER BY status"
    assert await house.rows(steps) == [("delivered",), ("read",), ("sent",)]
    late = (await house.events("message.status"))[-1]
    assert (late.data["status"], late.data["step"]["status"]) == ("read", "delivered")


async def test_several_steps_in_one_batch_leave_the_furthest(house: House):
    own = house.own("Olá")
    await house.hear(own, house.receipt(own.wa_id), house.receipt(own.wa_id, type="played"), house.receipt(own.wa_id))
    assert await status_of(house) == "played"
    assert await house.told() == ["message.sent", "message.status", "message.status"]


async def test_a_receipt_that_comes_again_is_not_told_again(house: House):
    own = house.own("Olá")
    await house.hear(own, house.receipt(own.wa_id))
    await house.hear(house.receipt(own.wa_id), house.receipt(own.wa_id))
    assert await house.told() == ["message.sent", "message.status"]


async def test_one_receipt_may_name_many_messages(house: House):
    first, second = house.own("1"), house.own("2")
    await house.hear(first, second)
    await house.hear(house.receipt(first.wa_id, second.wa_id, second.wa_id, "3EB0FF"))
    assert await house.messages("status") == ["delivered", "delivered"]
    assert len(await house.events("message.status")) == 2


async def test_each_member_of_a_group_is_a_step_of_its_own(house: House):
    own = house.text("Olá", chat=GROUP, chat_identity=Identity(), is_from_me=True)
    await house.hear(own)
    members = [Identity(lid=f"{n}@lid") for n in (7, 8)]
    await house.hear(*[house.receipt(own.wa_id, who=member, chat=GROUP) for member in members])
    told = await house.events("message.status")
    assert [event.data["step"]["contact"]["lid"] for event in told] == ["7@lid", "8@lid"]


async def test_a_receipt_before_its_message_waits_for_it(house: House):
    own = house.own("Olá", to=BY_BOTH)
    await house.hear(house.receipt(own.wa_id, type="read", who=BY_LID))
    assert await house.value("SELECT count(*) FROM recado.early_receipts") == 1
    assert await house.told() == []
    await house.hear(own)
    assert await status_of(house) == "read"
    assert await house.told() == ["message.sent", "message.status"]
    assert await house.value("SELECT count(*) FROM recado.early_receipts") == 0


@pytest.mark.parametrize("type", ["retry", "server-error", "sender", "peer_msg", "hist_sync", "a new one"])
def test_receipts_that_say_nothing_of_people_say_nothing(type: str):
    assert step_of(type, is_from_me=False) is None


async def test_receipts_of_the_own_devices_are_no_steps(house: House):
    own = house.own("Olá")
    await house.hear(own, house.receipt(own.wa_id, is_from_me=True), house.receipt(own.wa_id, type="sender"))
    assert await status_of(house) == "sent"


async def test_a_message_to_somebody_is_not_moved_by_a_receipt_for_theirs(house: House):
    theirs = house.text("Oi")
    await house.hear(theirs, house.receipt(theirs.wa_id, type="read"))
    assert await house.messages("status") == ["received"]


@pytest.mark.parametrize(("type", "is_from_me"), [("read-self", False), ("read", True)])
async def test_what_was_read_on_the_phone_is_unread_no_more(house: House, type: str, is_from_me: bool):
    heard = [house.text(str(n)) for n in range(3)]
    await house.hear(*heard)
    await house.hear(house.receipt(heard[1].wa_id, type=type, is_from_me=is_from_me))
    assert await house.value("SELECT unread_count FROM public.whatsapp_chats") == 1


async def test_a_late_receipt_proves_that_a_failed_message_went_out(house: House):
    own = house.own("Olá")
    await house.hear(own)
    id = await house.value("SELECT id FROM public.whatsapp_messages")
    async with house.database.transaction() as tx:
        failed = await messages.advance(tx, id, "failed", at(5), error_code="479", error_detail="refused")
    assert failed is not None
    assert (failed.status, failed.error_code) == ("failed", "479")
    await house.hear(house.receipt(own.wa_id))
    assert await status_of(house) == "delivered"


async def test_nothing_moves_back_by_advance(house: House):
    own = house.own("Olá")
    await house.hear(own, house.receipt(own.wa_id))
    id = await house.value("SELECT id FROM public.whatsapp_messages")
    async with house.database.transaction() as tx:
        assert await messages.advance(tx, id, "sent", at(5)) is None
    assert await status_of(house) == "delivered"
