"""Stories of sending: a number that may start no new chats, an appointment, an expiry, a pace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.stories.ears import received
from tests.stories.product import product
from tests.waiting import until

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(240)]
PATH = "/v1/instances/loja/messages"


async def test_a_time_lock_holds_new_chats_only_and_they_go_when_it_is_over(recado, network, phone, maria):
    joao = network.add_contact("5511977776666", name="João")
    await recado.pair("loja", phone)
    await maria.send_text(phone, "Vocês abrem?")
    network.faults.time_lock(phone, 3600)

    async def is_locked() -> bool:
        return (await recado.instance("loja"))["reason"] == "time_lock"

    await until(is_locked)
    waits = await recado.call("POST", PATH, {"to": f"+{joao.phone}", "text": "Promoção"})
    assert waits["pause_reason"] == "time_lock"
    await recado.call("POST", PATH, {"to": f"+{maria.phone}", "text": "Abrimos"}, wait="sent")
    assert await maria.wait_text(containing="Abrimos") == "Abrimos"
    assert (await recado.call("GET", "/v1/instances/loja/queue"))["paused"] == 1
    network.faults.time_lock(phone, 0)
    assert await joao.wait_text(timeout=30) == "Promoção"


async def test_an_appointment_that_is_cancelled_and_one_that_expires_never_arrive(recado, phone, maria, sql):
    await recado.pair("loja", phone)
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    made = await recado.call("POST", PATH, {"to": f"+{maria.phone}", "text": "no", "send_at": at})
    await recado.call("POST", f"{PATH}/{made['id']}/cancel")
    await recado.call("POST", "/v1/instances/loja/stop")
    await recado.until_state("loja", "stopped")
    stale = await recado.call("POST", PATH, {"to": f"+{maria.phone}", "text": "stale", "expires_in": 1})

    async def has_failed() -> bool:
        return (await recado.call("GET", f"{PATH}/{stale['id']}"))["status"] == "failed"

    await until(has_failed)
    await recado.call("POST", "/v1/instances/loja/start")
    await recado.call("POST", PATH, {"to": f"+{maria.phone}", "text": "yes"})
    assert await maria.wait_text(timeout=30) == "yes"
    assert [message.text for message in maria.inbox] == ["yes"]
    query = "SELECT text, status, error_code FROM public.whatsapp_messages WHERE text <> 'yes' ORDER BY text"
    assert sql(query) == [("no", "cancelled", None), ("stale", "failed", "expired")]


async def test_a_pace_by_settings_is_kept(tmp_path, network, phone, maria, database_url):
    """The second stranger's turn comes in an hour; who has written is answered past them."""
    people = [network.add_contact(f"551197777000{n}") for n in range(3)]
    async with product(tmp_path, network, database_url=database_url, pace="on", pace_strangers="3600-3600") as recado:
        await recado.pair("loja", phone)
        await maria.send_text(phone, "Vocês abrem?")
        await received(recado, 1)
        for person in people:
            await recado.call("POST", PATH, {"to": f"+{person.phone}", "text": "Oi"})
        await people[0].wait_text(timeout=60)
        await recado.call("POST", PATH, {"to": f"+{maria.phone}", "text": "Abrimos"})
        await maria.wait_text(timeout=60)
        queue = await recado.call("GET", "/v1/instances/loja/queue")
    assert queue["queued"] == 2
    assert [bool(person.inbox) for person in people] == [True, False, False]
