"""An old back end's table is repaired: nothing of it is lost, what others put on it stays, twice is once."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import psycopg
import pytest

from recado.domain.errors import Misconfigured
from recado.store import adoption, instances, migrate
from recado.store.database import Database
from recado.store.rows import execute, fetch_value
from tests.store.adopted import AFTERWARDS
from tests.store.adopting import TABLES, all_of, old, rows
from tests.store.test_migrate import SEED

SEED_COLUMNS = {
    ("id", "uuid"),
    *((name, "text") for name in ("instance_name", "status", "qr_code", "phone_number", "webhook_url")),
    *((name, "timestamp with time zone") for name in ("created_at", "updated_at")),
}
COLUMNS = "SELECT attname, atttypid::regtype::text FROM pg_attribute WHERE attrelid = 'whatsapp_instances'::regclass"
IS_KEY = """
SELECT bool_or(attnotnull AND indisunique AND indimmediate) FROM pg_index JOIN pg_attribute ON attrelid = indrelid
  AND attnum = indkey[0] WHERE indrelid = 'whatsapp_instances'::regclass AND indnkeyatts = 1 AND attname = %s
"""
NO_SUCH_TABLE = {
    "TABLE whatsapp_instances (id uuid, name text)": "it has no column instance_name",
    "TABLE whatsapp_instances (id bigint, instance_name text)": "its column id is bigint and cannot be made uuid",
    "TABLE whatsapp_instances (instance_name jsonb)": "its column instance_name is jsonb and cannot be made text",
    "TABLE whatsapp_instances (instance_name text, status text[])": "its column status is text[] and cannot be made",
    "TABLE whatsapp_instances (instance_name text, created_at time)": "cannot be made timestamptz",
    "TABLE whatsapp_instances (instance_name text, status text GENERATED ALWAYS AS ('x') STORED)": "is generated",
    "VIEW whatsapp_instances AS SELECT 'a' AS instance_name": "it is no ordinary table",
    "TABLE whatsapp_instances (instance_name text) PARTITION BY LIST (instance_name)": "it is no ordinary table",
    "TABLE whatsapp_instances AS SELECT 'a' AS instance_name, '7' AS id": "not everything in it reads as uuid",
}


@pytest.fixture(params=sorted(TABLES))
async def table(request: pytest.FixtureRequest, empty_database_url: str):
    """The name of an old table, and a database in which there is nothing else."""
    async with old(empty_database_url, TABLES[request.param]) as database:
        yield request.param, database


def test_for_every_old_table_it_is_said_what_must_be_true():
    assert set(AFTERWARDS) == set(TABLES)
    assert len(TABLES) > 10


async def test_what_must_be_true_is_true_afterwards(table: tuple[str, Database]):
    name, database = table
    await adoption.adopt(database)
    async with database.transaction() as tx:
        assert {query: await rows(tx, query) for query in AFTERWARDS[name]} == AFTERWARDS[name]
        assert set(await rows(tx, COLUMNS)) >= SEED_COLUMNS
        assert [await fetch_value(tx, IS_KEY, (column,)) for column in ("id", "instance_name")] == [True, True]


async def test_a_rehearsal_and_a_second_time_change_nothing(table: tuple[str, Database]):
    _, database = table
    before = await all_of(database)
    rehearsed = await adoption.adopt(database, is_rehearsal=True)
    assert await all_of(database) == before
    done = await adoption.adopt(database)
    assert [(line.code, line.rows) for line in rehearsed] == [(line.code, line.rows) for line in done]
    first = await all_of(database)
    again = await adoption.adopt(database)
    assert [line.sentence for line in again if line.kind == "changed"] == []
    assert await all_of(database) == first


async def test_afterwards_recado_can_live_on_it(table: tuple[str, Database]):
    """Every row waits to be paired and asks for nothing; a new one can be made; a third adoption changes nothing."""
    _, database = table
    await adoption.adopt(database)
    await migrate.upgrade(database)
    now = datetime(2026, 11, 24, tzinfo=UTC)
    async with database.transaction() as tx:
        query = "SELECT DISTINCT status, state, wanted, reason, user_action, qr_code FROM whatsapp_instances"
        assert await rows(tx, query) == [("disconnected", "stopped", "stopped", "needs_pairing", "pair_again", None)]
        id = uuid.UUID(int=1)
        fields = {"webhook_url": None, "engine": "whatsmeow", "owner_id": None, "deadline": None, "now": now}
        made = await instances.insert(
            tx, id=id, name="brand-new", status="connecting", state="starting", wanted="running", **fields
        )
        assert made is not None
        assert made.reason is None
        await execute(
            tx, "UPDATE whatsapp_instances SET status = 'connected', state = 'connected' WHERE id = %s", (id,)
        )
    assert [line.code for line in await adoption.adopt(database) if line.kind == "changed"] == []
    async with database.transaction() as tx:
        assert await fetch_value(tx, "SELECT status FROM whatsapp_instances WHERE id = %s", (id,)) == "connected"


async def test_what_stays_and_what_was_changed_is_told(empty_database_url: str):
    async with old(empty_database_url, TABLES["duplicate_names"]) as database:
        lines = await adoption.adopt(database)
    renamed = [line.sentence for line in lines if line.code == "row_renamed"]
    assert "The row of public.whatsapp_instances that was also named 'loja' is called 'loja-3' now." in renamed
    assert len(renamed) == 4
    assert [(line.code, line.rows) for line in lines if line.kind == "found"] == [("table_found", 7)]


async def test_a_table_as_it_should_be_is_left_alone(empty_database_url: str):
    async with old(empty_database_url, TABLES["as_the_seed_wrote_it"]) as database:
        assert [line.code for line in await adoption.adopt(database)] == ["table_found"]


async def test_where_there_is_no_old_table_there_is_nothing_to_say(empty_database_url: str):
    async with Database.open(empty_database_url) as database:
        assert await adoption.adopt(database) == []


@pytest.mark.parametrize("script", NO_SUCH_TABLE, ids=NO_SUCH_TABLE.values())
async def test_what_is_no_such_table_is_refused_in_a_sentence_and_left_as_it_was(empty_database_url: str, script: str):
    async with old(empty_database_url, f"CREATE {script}") as database:
        before = await all_of(database)
        with pytest.raises(Misconfigured) as caught:
            await adoption.adopt(database)
        assert caught.value.code == "not_the_old_table"
        assert caught.value.detail.startswith("public.whatsapp_instances is not a table of the old back end: ")
        assert NO_SUCH_TABLE[script] in caught.value.detail
        assert "rename it" in caught.value.hint
        assert await all_of(database) == before


async def test_only_the_owner_of_the_table_can_have_it_repaired(empty_database_url: str):
    role = f"role_{uuid.uuid4().hex[:12]}"
    async with old(empty_database_url, f"CREATE ROLE {role} LOGIN; {TABLES['loose_text']}") as owner:
        async with Database.open(empty_database_url.replace("//recado@", f"//{role}@")) as database:
            with pytest.raises(
                Misconfigured, match=f"^The role {role} does not own public.whatsapp_instances\\.$"
            ) as caught:
                await adoption.adopt(database)
        assert "Do this as its owner, recado" in caught.value.hint
        async with owner.transaction() as tx:
            await tx.execute(f"DROP ROLE {role}".encode())


async def test_every_column_that_recado_adds_is_known_to_the_script(db: Database):
    """Else a column of that name in an old table would be taken for Recado's own."""
    query = "SELECT attname FROM pg_attribute WHERE attrelid = 'whatsapp_instances'::regclass AND attnum > 0"
    async with db.transaction() as tx:
        added = set(await rows(tx, query)) - {name for name, _ in SEED_COLUMNS}
    assert {name for name in added if f"'{name}'" not in adoption.script()} == set()


async def test_what_cannot_be_taken_away_for_a_moment_stops_it_before_anything_is_done(empty_database_url: str):
    script = """CREATE TABLE whatsapp_instances (instance_name varchar(9));
        CREATE MATERIALIZED VIEW names AS SELECT instance_name FROM whatsapp_instances"""
    async with old(empty_database_url, script) as database:
        before = await all_of(database)
        with pytest.raises(Misconfigured, match=r"^public\.names is built on a column that needs another type\.$"):
            await adoption.adopt(database)
        assert await all_of(database) == before


async def test_a_check_that_the_repaired_rows_would_break_undoes_it_all(empty_database_url: str):
    script = """CREATE TABLE whatsapp_instances (instance_name text, status text);
        ALTER TABLE whatsapp_instances ADD CHECK (status = 'open' OR instance_name = '');
        INSERT INTO whatsapp_instances VALUES ('a', 'open')"""
    async with old(empty_database_url, script) as database:
        before = await all_of(database)
        with pytest.raises(Misconfigured, match=r"nothing was changed: .*violates check constraint") as caught:
            await adoption.adopt(database)
        assert caught.value.code == "adoption_failed"
        assert await all_of(database) == before


async def test_s6_2_the_script_alone_repairs_the_table(empty_database_url: str):
    """As in Supabase's SQL editor: the text as it is; its last answer is the report."""
    async with old(empty_database_url, TABLES["duplicate_names"]) as database:
        async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as editor:
            for _ in range(2):
                cursor = await editor.execute(adoption.script().encode())
                answers = []
                while cursor.nextset():
                    answers += [await cursor.fetchall()] if cursor.description else []
        assert {row[0] for row in answers[-1]} == {"found"}
        async with database.transaction() as tx:
            with pytest.raises(psycopg.errors.UniqueViolation):
                await tx.execute("INSERT INTO whatsapp_instances (instance_name) VALUES ('loja')")


async def test_a_repaired_table_is_the_seeds_own(empty_database_url: str, database_url: str):
    """Of a table with hardly anything in it, all that the seed names is as the seed has it."""
    async with old(empty_database_url, "CREATE TABLE whatsapp_instances (instance_name text)") as database:
        async with database.transaction() as tx:
            await tx.execute(SEED.partition("CREATE TABLE")[0])
        await adoption.adopt(database)
        await migrate.upgrade(database)
        adopted = await all_of(database)
    async with Database.open(database_url) as database:
        fresh = await all_of(database)
    for part in ("columns", "constraints", "indexes"):
        assert sorted(map(str, adopted[part])) == sorted(map(str, fresh[part]))
