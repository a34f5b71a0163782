"""What people ask of an instance: create, start, stop, log out, remove, look, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from recado.domain.access import EVERYTHING, Access
from recado.domain.engine import EngineError
from recado.domain.errors import Conflict, Invalid, NotFound, TooMany, Unavailable
from recado.domain.events import INSTANCE_CREATED, INSTANCE_REMOVED
from recado.store import instances as instances_store
from recado.store.database import Database
from recado.store.rows import execute, fetch_value
from tests.services.worker import Worker
from tests.stillclock import StillClock
from tests.store.waiting import until_somebody_waits
from tests.waiting import until


@pytest.fixture
async def worker(db: Database, clock: StillClock) -> AsyncIterator[Worker]:
    async with Worker(db, clock).running() as worker:
        yield worker


@pytest.mark.parametrize("name", ["", "Loja", "-loja", "loja são paulo", "a" * 64, "loja/1", "loja\n"])
async def test_a_wrong_name_is_refused(worker: Worker, name: str):
    with pytest.raises(Invalid) as refusal:
        await worker.instances.create(name)

    assert refusal.value.extra["field"] == "instance_name"


async def test_a_second_instance_of_the_same_name_is_a_conflict(worker: Worker, db: Database):
    await worker.instances.create("loja")

    with pytest.raises(Conflict):
        await worker.instances.create("loja")

    async with db.transaction() as tx:
        assert await fetch_value(tx, "SELECT count(*) FROM public.whatsapp_instances") == 1
    assert len(await worker.events(INSTANCE_CREATED)) == 1


async def test_one_that_is_not_to_start_is_created_stopped(worker: Worker):
    made = await worker.instances.create("loja", start=False)

    assert (made.status, made.state, made.wanted) == ("disconnected", "stopped", "stopped")


async def test_a_list_goes_on_by_its_cursor(worker: Worker):
    for name in ("c", "a", "b"):
        await worker.instances.create(name, start=False)

    first = await worker.instances.list(EVERYTHING, limit=2)
    second = await worker.instances.list(EVERYTHING, after=first.next, limit=2)

    assert [[one.instance_name for one in page.items] for page in (first, second)] == [["a", "b"], ["c"]]
    assert second.next is None


async def test_a_list_shows_a_bound_key_its_own_instance_alone(worker: Worker):
    made = await worker.instances.create("a", start=False)
    await worker.instances.create("b", start=False)
    bound = Access(key_id=UUID(int=1), scopes=frozenset({"instances:read"}), instance_id=made.id)

    assert [one.instance_name for one in (await worker.instances.list(bound)).items] == ["a"]


async def test_a_list_is_searched_by_name_and_by_number(worker: Worker):
    await worker.connected("loja")
    await worker.instances.create("outra", start=False)

    found = [
        [one.instance_name for one in (await worker.instances.list(EVERYTHING, search=text)).items]
        for text in ("LOJ", "99999", "nada")
    ]

    assert found == [["loja"], ["loja"], []]


async def test_a_wrong_cursor_is_refused(worker: Worker):
    with pytest.raises(Invalid):
        await worker.instances.list(EVERYTHING, after="é")


async def test_a_stopped_instance_stays_linked_and_starts_without_a_scan(worker: Worker):
    made = await worker.connected()

    await worker.instances.stop(made)
    row = await worker.until(made, state="stopped")
    assert (row.status, row.reason, row.phone_number) == ("disconnected", "stopped_by_user", "5511999990001")
    assert str(made.id) not in worker.engine.open
    await worker.instances.start(row)

    await worker.until(made, state="connected")
    assert worker.calls("pair_qr", made) == 1


async def test_a_start_of_one_that_runs_changes_nothing(worker: Worker):
    made = await worker.connected()

    same = await worker.instances.start(made)

    assert same.wanted_at == made.wanted_at


async def test_a_start_makes_a_waiting_attempt_now(worker: Worker):
    made = await worker.connected()
    worker.engine.cut(str(made.id))
    row = await worker.until(made, state="reconnecting")

    await worker.instances.start(row)

    await worker.until(made, state="connected")


async def test_a_restart_disconnects_and_connects_again(worker: Worker):
    made = await worker.connected()

    await worker.instances.restart(made)

    await worker.until_row(made.id, lambda row: row.state == "connected" and row.since >= row.wanted_at > made.since)
    assert (await worker.codes(made))[-3:] == ["restart_wanted", "syncing", "connected"]
    assert worker.calls("stop", made) == 1


async def test_stop_and_start_in_one_moment_end_in_running(worker: Worker):
    made = await worker.connected()

    await worker.instances.stop(made)
    await worker.instances.start(await worker.row(made))

    row = await worker.until_row(made.id, lambda row: row.state == "connected" and row.since >= row.wanted_at)
    assert row.wanted == "running"


async def test_a_wish_that_was_written_past_the_worker_is_heeded(worker: Worker, db: Database):
    made = await worker.instances.create("loja", start=False)
    async with db.transaction() as tx:
        await instances_store.want(tx, made.id, "running", worker.clock.now())

    async def is_heeded() -> bool:
        worker.clock.advance(timedelta(seconds=10))
        return (await worker.row(made)).state == "awaiting_scan"

    await until(is_heeded)


async def test_a_logout_unlinks_at_the_network(worker: Worker):
    made = await worker.connected()

    await worker.instances.logout(made)

    row = await worker.until(made, state="logged_out", wanted="stopped")
    assert (row.status, row.reason, row.phone_number) == ("disconnected", "logged_out_by_user", None)
    assert str(made.id) not in worker.engine.devices
    assert worker.calls("forget", made) == 0


async def test_a_logout_of_one_that_is_not_connected_forgets_it_here(worker: Worker):
    made = await worker.connected()
    await worker.instances.stop(made)
    await worker.until(made, state="stopped")

    await worker.instances.logout(made)

    assert (await worker.row(made)).state == "logged_out"
    assert str(made.id) not in worker.engine.devices


async def test_a_logout_without_an_engine_changes_nothing(worker: Worker):
    made = await worker.connected()
    worker.engine.crash()
    await worker.until(made, state="reconnecting")

    with pytest.raises(Unavailable):
        await worker.instances.logout(made)

    assert (await worker.row(made)).state == "reconnecting"


async def test_a_logged_out_instance_pairs_again_when_it_is_started(worker: Worker):
    made = await worker.connected()
    await worker.instances.logout(made)

    await worker.instances.start(await worker.row(made))

    await worker.until(made, state="awaiting_scan")


async def test_a_removed_instance_is_gone_with_all_of_it(worker: Worker, db: Database):
    made = await worker.connected()

    await worker.instances.remove(made)

    async with db.transaction() as tx:
        assert await instances_store.get(tx, made.id) is None
        assert await fetch_value(tx, "SELECT count(*) FROM recado.timeline") == 0
        assert await fetch_value(tx, "SELECT count(*) FROM recado.leases") == 0
    assert str(made.id) not in worker.engine.devices
    assert len(await worker.events(INSTANCE_REMOVED)) == 1
    again = await worker.connected("loja")
    assert again.id != made.id


async def test_a_change_of_the_webhook_url_is_written(worker: Worker):
    made = await worker.instances.create("loja", start=False)

    changed = await worker.instances.update(made, {"webhook_url": "https://example.com/hook"})

    assert (changed.webhook_url, changed.owner_id) == ("https://example.com/hook", None)


async def test_a_name_that_is_taken_is_not_given_twice(worker: Worker):
    made = await worker.instances.create("loja", start=False)
    await worker.instances.create("outra", start=False)

    with pytest.raises(Conflict):
        await worker.instances.update(made, {"instance_name": "outra"})
    assert (await worker.instances.update(made, {"instance_name": "nova"})).instance_name == "nova"


async def test_a_name_that_another_takes_in_the_same_moment_is_not_given_twice(
    worker: Worker, db: Database, database_url: str
):
    made, other = [await worker.instances.create(name, start=False) for name in ("loja", "outra")]

    async with Database.open(database_url) as elsewhere:
        async with elsewhere.transaction() as tx:
            await instances_store.change(tx, other.id, {"instance_name": "nova"}, worker.clock.now())
            renaming = asyncio.create_task(worker.instances.update(made, {"instance_name": "nova"}))
            await until_somebody_waits(db)
        with pytest.raises(Conflict) as refusal:
            await renaming

    assert refusal.value.code == "instance_exists"


async def test_nothing_to_scan_is_a_conflict(worker: Worker):
    made = await worker.connected()

    with pytest.raises(Conflict) as refusal:
        await worker.instances.pairing(made)

    assert refusal.value.hint == "It is linked and connected: there is nothing to scan."


@pytest.mark.parametrize("phone", ["", "abc", "0", "999", "0199999999", "5" * 16, "+55 11 9999x"])
async def test_a_number_that_is_none_gets_no_code(worker: Worker, phone: str):
    made = await worker.instances.create("loja")

    with pytest.raises(Invalid):
        await worker.instances.pairing_code(made, phone)


async def test_a_linked_instance_gets_no_pairing_code(worker: Worker):
    made = await worker.connected()

    with pytest.raises(Conflict):
        await worker.instances.pairing_code(made, "5511999990001")


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (EngineError("timeout", "no answer", may_retry=True), Unavailable),
        (EngineError("server", "rate-overlimit", server_code=429), TooMany),
        (EngineError("server", "bad-request", server_code=400), Invalid),
        (EngineError("host_down", "not running", may_retry=True), Unavailable),
        (EngineError("already_paired", "has a device"), Conflict),
    ],
    ids=lambda value: getattr(value, "kind", getattr(value, "__name__", "")),
)
async def test_a_code_that_is_refused_says_why(worker: Worker, error: EngineError, refusal: type[Exception]):
    made = await worker.instances.create("loja")
    await worker.until(made, state="awaiting_scan")
    worker.engine.script("pair_phone", error)

    with pytest.raises(refusal):
        await worker.instances.pairing_code(made, "5511999990001")


async def test_a_forced_update_corrects_the_row_and_shows_both(worker: Worker, db: Database):
    made = await worker.connected()
    async with db.transaction() as tx:
        await execute(
            tx, "UPDATE public.whatsapp_instances SET status = 'disconnected', state = 'stopped', phone_number = NULL"
        )

    before, after = await worker.instances.force_update(made)

    assert (before.status, before.phone_number) == ("disconnected", None)
    assert (after.status, after.state, after.phone_number) == ("connected", "connected", "5511999990001")


async def test_a_forced_update_finds_a_connection_that_is_gone(worker: Worker):
    made = await worker.connected()
    worker.engine.open[str(made.id)].state = "disconnected"

    _, after = await worker.instances.force_update(made)

    assert (after.status, after.reason) == ("disconnected", "found_offline")


async def test_the_timeline_says_why_in_both_languages(worker: Worker):
    made = await worker.connected()
    worker.engine.unlink(str(made.id))
    await worker.until(made, state="logged_out")

    english = (await worker.instances.timeline(made, language="en")).items[0]
    portuguese = (await worker.instances.timeline(made, language="pt")).items[0]

    assert english.sentence == "The device was unlinked on the phone (401: device_removed)."
    assert portuguese.sentence == "O dispositivo foi desconectado pelo celular (401: device_removed)."
    assert english.next_action == "Start the instance and link the phone again."


async def test_the_timeline_goes_on_by_its_cursor(worker: Worker):
    made = await worker.connected()

    first = await worker.instances.timeline(made, limit=3)
    second = await worker.instances.timeline(made, after=first.next, limit=100)

    assert [one.code for one in [*first.items, *second.items]] == (await worker.codes(made))[::-1]
    assert second.next is None


async def test_what_is_gone_cannot_be_stopped(worker: Worker):
    made = await worker.connected()
    await worker.instances.remove(made)

    with pytest.raises(NotFound):
        await worker.instances.stop(made)
