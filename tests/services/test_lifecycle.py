"""From created to connected and back: what the row, the timeline and the events say at each step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from recado.domain.engine import Device, EngineError
from recado.domain.events import INSTANCE_QR, INSTANCE_STATE
from recado.store.database import Database
from recado.store.rows import fetch_one, fetch_value
from tests.services.worker import Worker
from tests.stillclock import StillClock

SECOND = timedelta(seconds=1)
PHONE = Device(jid="5511999990001:7@s.whatsapp.net", lid="123456:7@lid", push_name="Loja")


@pytest.fixture
async def worker(db: Database, clock: StillClock) -> AsyncIterator[Worker]:
    async with Worker(db, clock).running() as worker:
        yield worker


async def test_an_instance_is_created_connecting_and_begins_to_pair(worker: Worker):
    made = await worker.instances.create("loja")

    assert (made.status, made.state, made.wanted) == ("connecting", "starting", "running")
    row = await worker.until(made, state="awaiting_scan")
    assert (row.status, row.user_action) == ("connecting", "scan_qr")


async def test_a_qr_is_shown_as_a_picture_and_as_text(worker: Worker):
    made = await worker.instances.create("loja")
    await worker.until(made, state="awaiting_scan")

    pairing = await worker.instances.pairing(made)

    assert (await worker.qr_code(made) or "").startswith("data:image/png;base64,")
    assert (pairing.method, pairing.code) == ("qr", f"2@ref0,{made.id}")
    assert pairing.expires_at == worker.clock.now() + 60 * SECOND


async def test_an_authenticated_instance_stays_connecting(worker: Worker):
    made = await worker.instances.create("loja")
    await worker.until(made, state="awaiting_scan")
    worker.engine.connects_by_itself = False

    worker.engine.pair(str(made.id))

    row = await worker.until(made, state="pairing")
    assert (row.status, row.phone_number) == ("connecting", None)


async def test_a_ready_instance_is_connected_and_has_its_number(worker: Worker):
    made = await worker.instances.create("loja")
    await worker.until(made, state="awaiting_scan")

    worker.engine.pair(str(made.id), PHONE)

    row = await worker.until(made, status="connected")
    assert (row.state, row.phone_number, row.lid, row.push_name, row.platform) == (
        "connected", "5511999990001", "123456@lid", "Loja", "android",
    )  # fmt: skip
    assert row.checked_at == worker.clock.now()


async def test_the_restart_that_the_server_asks_for_is_done_at_once(worker: Worker):
    made = await worker.connected()

    assert await worker.codes(made) == [
        "created", "starting", "scan_qr", "paired", "restart_asked", "syncing", "connected",
    ]  # fmt: skip
    assert worker.calls("start", made) == 2


async def test_nothing_can_be_scanned_any_more_once_it_is_paired(worker: Worker):
    made = await worker.connected()

    assert await worker.qr_code(made) is None
    assert (await worker.events(INSTANCE_QR))[-1] == {"qr": None, "expires_at": None}


async def test_the_session_row_is_written_at_ready_without_any_key(worker: Worker, db: Database):
    await worker.connected()

    async with db.transaction() as tx:
        row = await fetch_one(tx, _Session, "SELECT * FROM public.whatsapp_sessions")
    assert row is not None
    assert (row.instance_name, row.phone_number, row.last_activity) == ("loja", "5511999990001", worker.clock.now())
    assert set(row.session_data) == {"phone_number", "lid", "push_name", "platform"}


async def test_each_step_is_one_event_with_the_state_and_the_number(worker: Worker):
    await worker.connected()

    events = await worker.events(INSTANCE_STATE)

    assert [(event["state"], event["status"]) for event in events] == [
        ("starting", "connecting"),
        ("awaiting_scan", "connecting"),
        ("pairing", "connecting"),
        ("pairing", "connecting"),
        ("syncing", "connecting"),
        ("connected", "connected"),
    ]
    assert events[-1]["phone_number"] == "5511999990001"


async def test_a_lost_connection_is_disconnected_and_tried_again_after_five_seconds(worker: Worker):
    made = await worker.connected()

    worker.engine.cut(str(made.id))

    row = await worker.until(made, state="reconnecting")
    assert (row.status, row.reason, row.attempt) == ("disconnected", "connection_lost", 1)
    assert row.next_at == worker.clock.now() + 5 * SECOND
    worker.clock.advance(5 * SECOND)
    row = await worker.until(made, state="connected")
    assert (row.phone_number, row.reason, row.next_at) == ("5511999990001", None, None)


async def test_a_failed_pairing_is_disconnected_and_final(worker: Worker):
    made = await worker.instances.create("loja")
    await worker.until(made, state="awaiting_scan")

    worker.engine.say("pair_failed", str(made.id), error="wrong signature")

    row = await worker.until(made, state="failed")
    assert (row.status, row.reason, row.user_action) == ("disconnected", "pair_failed", "start")
    worker.clock.advance(timedelta(hours=1))
    await worker.clock.until_asleep(3)
    assert (await worker.row(made)).state == "failed"


async def test_one_that_is_unlinked_on_the_phone_keeps_nothing_of_it(worker: Worker, db: Database):
    made = await worker.connected()

    worker.engine.unlink(str(made.id))

    row = await worker.until(made, state="logged_out")
    assert (row.status, row.reason, row.user_action) == ("disconnected", "unlinked", "pair_again")
    assert (row.phone_number, row.lid, row.push_name, row.platform) == (None, None, None, None)
    async with db.transaction() as tx:
        assert await fetch_value(tx, "SELECT count(*) FROM public.whatsapp_sessions") == 0


async def test_codes_are_renewed_in_their_time_and_told(worker: Worker):
    made = await worker.instances.create("loja")
    await worker.until(made, state="awaiting_scan")
    first = await worker.qr_code(made)

    worker.clock.advance(60 * SECOND)
    await _shown(worker, made, 1)
    worker.clock.advance(20 * SECOND)
    await _shown(worker, made, 2)

    assert await worker.qr_code(made) != first
    assert [event["qr"] for event in await worker.events(INSTANCE_QR)] == [f"2@ref{n},{made.id}" for n in range(3)]
    assert (await worker.instances.pairing(made)).expires_at == worker.clock.now() + 20 * SECOND


async def test_a_qr_that_nobody_scans_stops_the_instance_until_one_call(worker: Worker):
    made = await worker.instances.create("loja")
    await worker.until(made, state="awaiting_scan")

    worker.clock.advance(160 * SECOND)

    row = await worker.until(made, state="stopped")
    assert (row.status, row.reason, row.user_action) == ("disconnected", "qr_expired", "start")
    assert await worker.qr_code(made) is None
    assert (await worker.events(INSTANCE_QR))[-1]["qr"] is None
    assert str(made.id) not in worker.engine.open
    await worker.instances.start(row)
    await worker.until(made, state="awaiting_scan")


async def test_a_pairing_code_is_given_and_replaces_the_qr(worker: Worker):
    made = await worker.instances.create("loja")
    await worker.until(made, state="awaiting_scan")

    pairing = await worker.instances.pairing_code(made, "+55 (11) 99999-0001")

    assert (pairing.method, pairing.code, pairing.phone) == ("code", "ABCD-EFGH", "5511999990001")
    row = await worker.until(made, user_action="enter_code")
    assert (row.state, row.deadline) == ("awaiting_scan", pairing.expires_at)
    assert await worker.qr_code(made) is None
    assert await worker.instances.pairing(made) == pairing


async def test_a_pairing_code_starts_an_instance_that_does_not_run(worker: Worker):
    made = await worker.instances.create("loja", start=False)

    await worker.instances.pairing_code(made, "5511999990001")

    row = await worker.until(made, state="awaiting_scan")
    assert (row.user_action, row.wanted) == ("enter_code", "running")
    worker.engine.pair(str(made.id))
    await worker.until(made, state="connected")


async def test_a_dial_that_fails_waits_longer_each_time(worker: Worker):
    made = await worker.connected()
    worker.engine.script("start", *[EngineError("internal", "no route")] * 2)

    worker.engine.cut(str(made.id))
    await worker.until(made, state="reconnecting", attempt=1)
    worker.clock.advance(5 * SECOND)
    row = await worker.until(made, state="reconnecting", attempt=2)
    assert row.next_at is not None
    assert 8 * SECOND <= row.next_at - worker.clock.now() <= 12 * SECOND
    worker.clock.set(row.next_at)
    row = await worker.until(made, state="reconnecting", attempt=3)
    assert row.next_at is not None
    worker.clock.set(row.next_at)
    await worker.until(made, state="connected")


async def test_a_login_that_does_not_come_is_given_up_after_a_minute(worker: Worker):
    made = await worker.connected()
    worker.engine.connects_by_itself = False
    worker.engine.cut(str(made.id))
    await worker.until(made, state="reconnecting")
    worker.clock.advance(5 * SECOND)
    await worker.until(made, state="starting")

    worker.clock.advance(60 * SECOND)

    row = await worker.until(made, state="reconnecting", reason="start_timeout")
    assert row.status == "disconnected"


async def test_a_conflict_is_taken_back_three_times_and_then_left(worker: Worker):
    made = await worker.connected()
    for _ in range(3):
        worker.engine.say("replaced", str(made.id))
        row = await worker.until(made, state="conflict")
        assert (row.status, row.next_at) == ("disconnected", worker.clock.now() + 60 * SECOND)
        worker.clock.advance(60 * SECOND)
        await worker.until(made, state="connected")

    worker.engine.say("replaced", str(made.id))

    row = await worker.until(made, state="stopped")
    assert (row.reason, row.user_action) == ("conflict", "close_other_session")


async def test_a_ban_blocks_it_until_its_date(worker: Worker):
    made = await worker.connected()

    worker.engine.say("temporary_ban", str(made.id), code=101, text="sent to too many people", expires_ms=3_600_000)

    row = await worker.until(made, state="blocked")
    assert (row.status, row.reason) == ("disconnected", "temporary_ban")
    worker.clock.advance(timedelta(hours=1))
    await worker.until(made, state="connected")


async def test_credentials_that_vanished_are_told_and_no_qr_is_shown_by_itself(worker: Worker):
    made = await worker.connected()
    del worker.engine.devices[str(made.id)]
    worker.engine.cut(str(made.id))
    await worker.until(made, state="reconnecting")

    worker.clock.advance(5 * SECOND)

    row = await worker.until(made, state="logged_out")
    assert (row.reason, row.phone_number) == ("credentials_missing", None)


async def test_only_connected_instances_are_on_the_roster_with_their_fence(worker: Worker):
    heard = []
    worker.lifecycle.roster.hear(heard.append)
    made = await worker.connected()

    fence = worker.engine.open[str(made.id)].fence
    assert worker.lifecycle.roster.connected() == {made.id: fence}
    assert heard == [made.id]
    worker.engine.cut(str(made.id))
    await worker.until(made, state="reconnecting")
    assert worker.lifecycle.roster.fence_of(made.id) is None


async def test_one_bad_instance_delays_no_other(worker: Worker):
    with worker.engine.hold("pair_qr") as gate:
        await worker.instances.create("ruim")
        await gate.reached(1)
        good = await worker.instances.create("boa", start=False)
        worker.engine.link(str(good.id), PHONE)
        await worker.instances.start(good)

        await worker.until(good, state="connected")


async def _shown(worker: Worker, made, number: int) -> None:
    """Wait until the QR of that number is the one to scan."""
    with worker.bell.listen() as ear:
        async with asyncio.timeout(60):
            while await worker.shown(made) != f"2@ref{number},{made.id}":
                await ear.wait()


class _Session:
    def __init__(self, *, instance_name: str, phone_number: str, session_data: dict, last_activity) -> None:
        self.instance_name = instance_name
        self.phone_number = phone_number
        self.session_data = session_data
        self.last_activity = last_activity
