"""An instance that moved to another database with a backup: here it starts no more, whatever is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from recado.domain.access import EVERYTHING
from recado.domain.errors import Conflict
from recado.domain.events import INSTANCE_REMOVED
from recado.domain.instances import Instance
from recado.domain.life import settle
from recado.domain.states import MOVED, Observed
from recado.store.database import Database
from recado.store.rows import execute
from tests.services.worker import Worker
from tests.stillclock import START, StillClock


@pytest.fixture
async def worker(db: Database, clock: StillClock) -> AsyncIterator[Worker]:
    async with Worker(db, clock).running() as worker:
        yield worker


@pytest.fixture
async def moved(worker: Worker, db: Database) -> Instance:
    await worker.instances.create("loja", start=False)
    async with db.transaction() as tx:
        await execute(tx, "UPDATE public.whatsapp_instances SET reason = 'moved'", ())
    return (await worker.instances.list(EVERYTHING)).items[0]


@pytest.mark.parametrize("asked", ["start", "restart"])
async def test_it_is_not_started(worker: Worker, moved: Instance, asked: str):
    with pytest.raises(Conflict) as refusal:
        await getattr(worker.instances, asked)(moved)
    assert refusal.value.code == "moved"


async def test_a_pairing_code_does_not_start_it_either(worker: Worker, moved: Instance):
    with pytest.raises(Conflict) as refusal:
        await worker.instances.pairing_code(moved, "+55 11 99999-0001")
    assert refusal.value.code == "moved"


async def test_it_can_be_removed_and_its_phone_stays_linked(worker: Worker, moved: Instance):
    await worker.instances.remove(moved)
    assert (await worker.instances.list(EVERYTHING)).items == []
    assert len(await worker.events(INSTANCE_REMOVED)) == 1


def test_no_wish_brings_it_back():
    observed = Observed(state="stopped", since=START, reason=MOVED)
    assert settle(observed, "running", START + timedelta(days=1), START + timedelta(days=1)) is None
