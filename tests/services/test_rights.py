"""Somebody turns the database against Recado while it runs: nothing is lost silently, and it is said."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from structlog.testing import capture_logs

from recado.domain.engine import Incoming
from recado.domain.errors import Unavailable
from recado.services.bell import Bell
from recado.services.receiving.incoming import Committer
from recado.services.rights import Rights
from recado.store import migrate
from recado.store import rights as notes
from recado.store.database import Database
from tests.services.worker import Worker
from tests.stillclock import StillClock
from tests.store.house import House
from tests.waiting import until

SWALLOW = """
CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER swallow BEFORE UPDATE ON whatsapp_instances FOR EACH ROW EXECUTE FUNCTION swallow();
"""


class Estate:
    """A database that an ordinary role owns, as on Supabase, and somebody who can turn it against that role."""

    def __init__(self, database: Database, somebody: psycopg.AsyncConnection, role: str) -> None:
        self.database = database
        self.role = role
        self._somebody = somebody

    async def turn(self, statements: str) -> None:
        await self._somebody.execute(statements.format(role=self.role).encode())


@pytest.fixture
async def estate(empty_database_url: str) -> AsyncIterator[Estate]:
    role = f"owner_{uuid4().hex[:12]}"
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as somebody:
        await somebody.execute(f"CREATE ROLE {role} LOGIN; GRANT CREATE ON SCHEMA public TO {role}")
        await somebody.execute(f"GRANT CREATE ON DATABASE {somebody.info.dbname} TO {role}")
        try:
            async with Database.open(empty_database_url.replace("//recado@", f"//{role}@")) as database:
                await migrate.upgrade(database)
                yield Estate(database, somebody, role)
        finally:
            await somebody.execute(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


@contextlib.asynccontextmanager
async def swallowing(worker: Worker) -> AsyncIterator[None]:
    """A trigger on the instances that lets no update through, and says nothing."""
    async with worker.database.transaction() as tx:
        await tx.execute(SWALLOW)
    yield
    async with worker.database.transaction() as tx:
        await tx.execute("DROP TRIGGER swallow ON whatsapp_instances")


@pytest.fixture
async def rights(estate: Estate, clock: StillClock, bell: Bell) -> Rights:
    return Rights(estate.database, clock, bell)


async def told(database: Database) -> list[str | None]:
    async with database.transaction() as tx:
        query = "SELECT data->>'code' FROM recado.event_log WHERE type = 'database.blocked' ORDER BY position"
        return [code for (code,) in await (await tx.execute(query)).fetchall()]


BLOCKS = {
    "row-level security forced on the owner": (
        "ALTER TABLE whatsapp_instances FORCE ROW LEVEL SECURITY",
        "ALTER TABLE whatsapp_instances NO FORCE ROW LEVEL SECURITY",
        "role_bound_by_rls",
    ),
    "the table given to somebody else": (
        "ALTER TABLE whatsapp_instances OWNER TO CURRENT_USER; GRANT ALL ON whatsapp_instances TO {role}",
        "ALTER TABLE whatsapp_instances OWNER TO {role}",
        "role_bound_by_rls",
    ),
}


@pytest.mark.parametrize("how", BLOCKS)
async def test_a_statement_that_would_find_nothing_fails_instead(estate: Estate, clock: StillClock, how: str):
    house = await House(estate.database, clock).open()
    against, _, _ = BLOCKS[how]
    await estate.turn(against)
    with pytest.raises(Unavailable) as caught:
        await house.rows("UPDATE public.whatsapp_instances SET status = 'connected'")
    assert caught.value.code == "database_rights_lost"
    assert "row-level security policy" in caught.value.detail


@pytest.mark.parametrize("how", BLOCKS)
async def test_it_is_an_event_a_log_line_and_a_note_for_the_doctor_and_so_is_its_end(
    estate: Estate, rights: Rights, how: str
):
    against, back, code = BLOCKS[how]
    await rights.look()
    await estate.turn(against)
    with capture_logs() as logs:
        await rights.look()
        await rights.look()
    assert [line["code"] for line in logs if line["event"] == "database.blocked"] == [code]
    async with estate.database.transaction() as tx:
        noted = await notes.noted(tx)
    assert noted is not None
    assert f"The role {estate.role} is bound by row-level security on whatsapp_instances" in noted.sentence
    await estate.turn(back)
    await rights.look()
    async with estate.database.transaction() as tx:
        assert await notes.noted(tx) is None
    assert await told(estate.database) == [code, None]


async def test_a_message_that_comes_meanwhile_is_kept_by_the_network_and_stored_when_it_is_over(
    estate: Estate, clock: StillClock, bell: Bell
):
    house = await House(estate.database, clock).open()
    committer = Committer(estate.database, clock, bell)
    message: Incoming = house.text("Oi")
    async with contextlib.AsyncExitStack() as stack:
        await estate.turn("ALTER TABLE whatsapp_instances FORCE ROW LEVEL SECURITY")
        run, handled = await stack.enter_async_context(tasks(committer.run(), committer.handle(message)))
        # One waits to note activity; the other has been refused, and waits to try again.
        await clock.until_asleep(2)
        assert not handled.done()
        await estate.turn("ALTER TABLE whatsapp_instances NO FORCE ROW LEVEL SECURITY")
        clock.advance(timedelta(minutes=1))
        await handled
        assert not run.done()
    assert await house.messages() == ["Oi"]


async def test_the_worker_waits_and_goes_on_when_it_is_over(estate: Estate, clock: StillClock):
    async with Worker(estate.database, clock).running() as worker:
        made = await worker.connected()
        await estate.turn("ALTER TABLE whatsapp_instances FORCE ROW LEVEL SECURITY")
        with pytest.raises(Unavailable):
            await worker.instances.stop(made)
        worker.engine.cut(str(made.id))
        await estate.turn("ALTER TABLE whatsapp_instances NO FORCE ROW LEVEL SECURITY")

        async def is_said() -> bool:
            worker.clock.advance(timedelta(seconds=1))
            return (await worker.row(made)).status == "disconnected"

        await until(is_said)


async def test_a_write_that_is_swallowed_is_noticed_by_its_row_count(db: Database, clock: StillClock, bell: Bell):
    rights = Rights(db, clock, bell)
    worker = Worker(db, clock, rights=rights)
    async with worker.running():
        made = await worker.connected()
        async with swallowing(worker):
            with pytest.raises(Unavailable) as caught:
                await worker.instances.stop(made)
            assert caught.value.code == "write_swallowed"
            await worker.lifecycle.health.check()
            await rights.look()
            assert await told(db) == ["writes_swallowed"]
        await worker.lifecycle.health.check()
        await rights.look()
        assert await told(db) == ["writes_swallowed", None]


@contextlib.asynccontextmanager
async def tasks(*coroutines) -> AsyncIterator[list]:
    """Let them run until the end of the block."""
    started = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        yield started
    finally:
        for task in started:
            task.cancel()
        await asyncio.gather(*started, return_exceptions=True)
