"""The seed's lines about an instance's life, each named as docs/seed.md numbers it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from recado.domain.engine import EngineError
from recado.domain.errors import Conflict
from recado.store.database import Database
from recado.store.rows import execute, fetch_value, fetch_values
from tests.services.worker import Worker
from tests.stillclock import StillClock

SECOND = timedelta(seconds=1)
NUMBER = "5511999990001"


@pytest.fixture
async def worker(db: Database, clock: StillClock) -> AsyncIterator[Worker]:
    async with Worker(db, clock).running() as worker:
        yield worker


async def test_s2_1_ready_gives_connected_and_the_phone_number(worker: Worker):
    made = await worker.instances.create("loja")
    await worker.until(made, state="awaiting_scan")
    worker.clock.advance(SECOND)
    worker.engine.pair(str(made.id))

    row = await worker.until(made, status="connected")

    assert (row.phone_number, row.updated_at) == (NUMBER, worker.clock.now())


async def test_s2_2_authenticated_stays_connecting(worker: Worker):
    worker.engine.connects_by_itself = False
    made = await worker.instances.create("loja")
    await worker.until(made, state="awaiting_scan")
    worker.clock.advance(SECOND)
    worker.engine.pair(str(made.id))

    row = await worker.until(made, state="pairing")

    assert (row.status, row.updated_at) == ("connecting", worker.clock.now())


async def test_s2_3_auth_failure_gives_disconnected(worker: Worker):
    made = await worker.instances.create("loja")
    await worker.until(made, state="awaiting_scan")
    worker.engine.say("pair_failed", str(made.id), error="wrong signature")

    assert (await worker.until(made, status="disconnected")).reason == "pair_failed"


async def test_s2_4_disconnect_gives_disconnected(worker: Worker):
    made = await worker.connected()
    worker.engine.cut(str(made.id))

    assert (await worker.until(made, status="disconnected")).reason == "connection_lost"


async def test_s3_3_a_second_instance_of_the_same_name_is_refused(worker: Worker):
    await worker.instances.create("loja")

    with pytest.raises(Conflict):
        await worker.instances.create("loja")


async def test_s4_1_created_is_connecting(worker: Worker):
    assert (await worker.instances.create("loja")).status == "connecting"


async def test_s4_2_authenticated_is_connecting(worker: Worker):
    worker.engine.connects_by_itself = False
    made = await worker.instances.create("loja")
    await worker.until(made, state="awaiting_scan")
    worker.engine.pair(str(made.id))
    await worker.until(made, state="pairing")

    assert {event["status"] for event in await worker.events("instance.state")} == {"connecting"}


async def test_s4_3_ready_is_connected_with_the_number(worker: Worker):
    made = await worker.connected()

    last = (await worker.events("instance.state"))[-1]

    assert (made.status, last["status"], last["phone_number"]) == ("connected", "connected", NUMBER)


async def test_s4_4_disconnected_is_disconnected(worker: Worker):
    made = await worker.connected()
    worker.engine.unlink(str(made.id))
    await worker.until(made, status="disconnected")

    assert (await worker.events("instance.state"))[-1]["status"] == "disconnected"


async def test_s4_5_auth_failure_is_disconnected(worker: Worker):
    made = await worker.instances.create("loja")
    await worker.until(made, state="awaiting_scan")
    worker.engine.say("passkey_failed", str(made.id), error="refused")

    assert (await worker.until(made, state="failed")).status == "disconnected"


async def test_s5_1_each_change_is_logged_with_instance_and_status(worker: Worker):
    with capture_logs() as logs:
        await worker.connected()

    lines = [(line["event"], line["instance"], line["status"]) for line in logs if line.get("instance") == "loja"]
    assert lines == [
        ("instance.starting", "loja", "connecting"),
        ("instance.awaiting_scan", "loja", "connecting"),
        ("instance.pairing", "loja", "connecting"),
        ("instance.pairing", "loja", "connecting"),
        ("instance.syncing", "loja", "connecting"),
        ("instance.connected", "loja", "connected"),
    ]


async def test_s5_2_the_confirmation_names_the_number(worker: Worker):
    with capture_logs() as logs:
        await worker.connected()

    assert [line["phone"] for line in logs if line["event"] == "instance.connected"] == [NUMBER]


async def test_s6_1_force_update_corrects_the_row(worker: Worker, db: Database):
    made = await worker.connected()
    async with db.transaction() as tx:
        await execute(tx, "UPDATE public.whatsapp_instances SET status = 'connecting', phone_number = NULL")

    _, after = await worker.instances.force_update(made)

    assert (after.status, after.phone_number) == ("connected", NUMBER)


async def test_s7_4_health_is_checked_every_30_seconds(worker: Worker):
    made = await worker.connected()
    with worker.engine.hold("probe") as gate:
        gate.open()
        for checks in (1, 2):
            await worker.clock.until_asleep(3)
            worker.clock.advance(30 * SECOND)
            await gate.reached(checks)

    assert worker.calls("probe", made) == 2


async def test_s7_5_an_instance_that_is_not_ready_is_corrected(worker: Worker):
    made = await worker.connected()
    worker.engine.open[str(made.id)].state = "disconnected"
    await worker.clock.until_asleep(3)
    worker.clock.advance(30 * SECOND)

    await worker.until(made, status="disconnected")


async def test_s7_6_a_lost_connection_is_tried_again_after_5_seconds(worker: Worker):
    made = await worker.connected()
    worker.engine.cut(str(made.id))
    await worker.until(made, status="disconnected")

    worker.clock.advance(5 * SECOND)

    await worker.until(made, status="connected")


async def test_s7_7_the_session_row_is_written_at_ready(worker: Worker, db: Database):
    await worker.connected()

    async with db.transaction() as tx:
        query = "SELECT instance_name || ' ' || phone_number FROM public.whatsapp_sessions WHERE last_activity = %s"
        assert await fetch_values(tx, query, (worker.clock.now(),)) == [f"loja {NUMBER}"]


async def test_s8_1_created_in_the_database_with_connecting(worker: Worker, db: Database):
    worker.engine.connects_by_itself = False
    await worker.instances.create("loja")

    async with db.transaction() as tx:
        assert await fetch_value(tx, "SELECT status FROM public.whatsapp_instances") == "connecting"


async def test_s8_2_connected_when_ready(worker: Worker, db: Database):
    await worker.connected()

    async with db.transaction() as tx:
        assert await fetch_value(tx, "SELECT status FROM public.whatsapp_instances") == "connected"


async def test_s8_3_the_phone_number_is_saved(worker: Worker, db: Database):
    await worker.connected()

    async with db.transaction() as tx:
        assert await fetch_value(tx, "SELECT phone_number FROM public.whatsapp_instances") == NUMBER


async def test_s8_4_logs_are_detailed(worker: Worker):
    made = await worker.connected()
    with capture_logs() as logs:
        worker.engine.say("stream_error", str(made.id), code="500", text="internal")
        await worker.until(made, status="disconnected")

    line = next(line for line in logs if line["event"] == "instance.reconnecting")
    assert (line["reason"], line["text"], line["attempt"]) == ("stream_error", "internal", 1)


@pytest.mark.parametrize(
    ("signal", "state"),
    [
        ("connect_failure", "reconnecting"),
        ("stream_error", "reconnecting"),
        ("replaced", "conflict"),
        ("temporary_ban", "blocked"),
        ("client_outdated", "blocked"),
        ("logged_out", "logged_out"),
        ("storage_down", "reconnecting"),
    ],
)
async def test_s8_5_error_events_are_handled(worker: Worker, signal: str, state: str):
    made = await worker.connected()
    if signal == "storage_down":
        worker.engine.script("start", EngineError("storage", "no database"))
    worker.engine.say(signal, str(made.id))

    row = await worker.until(made, state=state)

    assert row.status == "disconnected"
    assert (await worker.instances.timeline(made)).items[0].sentence
