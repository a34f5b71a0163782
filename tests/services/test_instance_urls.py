"""The webhook_url of an instance, whoever writes it."""

from __future__ import annotations

from uuid import UUID

import pytest

from recado.domain.access import EVERYTHING
from recado.domain.errors import Conflict
from recado.domain.events import INSTANCE_CREATED
from recado.services.bell import Bell
from recado.services.delivery import instance_urls
from recado.services.delivery.instance_urls import InstanceUrls
from recado.services.delivery.webhooks import Webhooks
from recado.store import webhooks as table
from tests.services.delivery import ANA, Desk, running
from tests.services.test_webhooks import Rules
from tests.services.worker import Worker
from tests.waiting import until

URL = "https://a.example/hook"


@pytest.fixture
async def desk(db, clock, bell) -> Desk:
    desk = Desk(db, clock, bell)
    async with db.transaction() as tx:
        await tx.execute("INSERT INTO public.whatsapp_instances (id, instance_name) VALUES (%s, 'ana')", (ANA,))
    return desk


async def write(desk: Desk, url: str | None) -> None:
    """As somebody would who knows nothing of Recado."""
    async with desk.database.transaction() as tx:
        await tx.execute("UPDATE public.whatsapp_instances SET webhook_url = %s WHERE id = %s", (url, ANA))


async def align(desk: Desk) -> int:
    async with desk.database.transaction() as tx:
        return await instance_urls.align(tx, desk.clock)


async def only(desk: Desk):
    async with desk.database.transaction() as tx:
        rows = await table.of(tx, None)
    return rows[0] if rows else None


async def test_a_url_written_past_recado_is_noticed_and_hears_of_its_instance(desk: Desk):
    async with running(InstanceUrls(desk.database, desk.clock, desk.changes).run()), desk.dispatching():
        await write(desk, URL)
        await until(lambda: desk.clock.due)
        desk.clock.advance(instance_urls.LOOKS_EVERY)
        await until(lambda: only(desk))
        await desk.append(1, instance_id=UUID(int=9))
        [hers] = await desk.append(1, instance_id=ANA)
        await desk.sinks[URL].until(lambda: bool(desk.sinks[URL].taken))
    assert [parcel.event.position for parcel in desk.sinks[URL].taken] == [hers]


async def test_a_changed_url_moves_the_webhook_and_keeps_its_place(desk: Desk):
    await write(desk, URL)
    await align(desk)
    before = await only(desk)
    await desk.append(1, instance_id=ANA)
    await write(desk, "https://b.example/")
    await align(desk)
    after = await only(desk)
    assert (after.id, after.url, after.position) == (before.id, "https://b.example/", before.position)


async def test_a_changed_url_sets_a_webhook_going_that_had_been_switched_off(desk: Desk):
    await write(desk, URL)
    await align(desk)
    webhook = await only(desk)
    async with desk.database.transaction() as tx:
        await table.switch_off(tx, webhook.id, state="disabled", reason="gone", now=desk.clock.now())
    await write(desk, "https://b.example/")
    await align(desk)
    assert (await only(desk)).state == "active"


async def test_an_instance_made_with_a_url_tells_it_of_its_own_making(db, clock):
    worker, desk = Worker(db, clock), Desk(db, clock, Bell())
    await worker.instances.create("loja", webhook_url=URL, start=False)
    async with desk.dispatching():
        sink = desk.sinks[URL]
        await sink.until(lambda: bool(sink.taken))
    assert sink.taken[0].event.type == INSTANCE_CREATED


async def test_a_url_changed_through_recado_is_taken_up_in_the_same_moment(db, clock):
    worker, desk = Worker(db, clock), Desk(db, clock, Bell())
    made = await worker.instances.create("loja", webhook_url=URL, start=False)
    await worker.instances.update(made, {"webhook_url": "https://b.example/"})
    assert (await only(desk)).url == "https://b.example/"


@pytest.mark.parametrize("nothing", [None, "", "   "])
async def test_a_url_that_is_cleared_removes_the_webhook(desk: Desk, nothing: str | None):
    await write(desk, URL)
    await align(desk)
    await write(desk, nothing)
    await align(desk)
    assert await only(desk) is None


async def test_aligning_again_changes_nothing(desk: Desk):
    await write(desk, URL)
    assert [await align(desk), await align(desk)] == [1, 0]


async def test_its_secret_is_made_known_by_rotation(desk: Desk):
    await write(desk, URL)
    await align(desk)
    webhook = await only(desk)
    service = Webhooks(desk.database, desk.clock, desk.changes, Rules(), desk.open_sink)
    _, secret = await service.rotate_secret(EVERYTHING, webhook.id)
    async with desk.database.transaction() as tx:
        target = await table.target(tx, webhook.id, now=desk.clock.now())
    assert target.secrets[0] == secret


async def test_it_is_removed_and_moved_by_the_column_only(desk: Desk):
    await write(desk, URL)
    await align(desk)
    webhook = await only(desk)
    service = Webhooks(desk.database, desk.clock, desk.changes, Rules(), desk.open_sink)
    for call in (
        service.remove(EVERYTHING, webhook.id),
        service.update(EVERYTHING, webhook.id, {"url": "https://b.example/"}),
    ):
        with pytest.raises(Conflict):
            await call


async def test_a_url_that_is_none_fails_by_itself_and_harms_nobody(desk: Desk):
    await write(desk, "not a url at all")
    assert await align(desk) == 1
    assert (await only(desk)).url == "not a url at all"
