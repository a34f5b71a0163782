"""In a project like Supabase's: who sees what, who may write what, what is announced, and what is said of it all."""

from __future__ import annotations

import re
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from recado.databases import upgrade
from recado.runtime import running
from recado.settings import read_settings
from recado.store import checks, openings
from recado.store.database import Database, Tx
from recado.store.rows import execute, fetch_value, fetch_values
from recado.store.sealing import seal_schema
from tests.engines.fake import FakeEngine
from tests.fixtures_database import named
from tests.store.supabase import ANA, BIA, POLICIES, PROJECT, as_owner, become, fill, leaks, seen, tables
from tests.waiting import until

TABLES = (
    *("whatsapp_chats", "whatsapp_contacts", "whatsapp_group_members", "whatsapp_instances", "whatsapp_media"),
    *("whatsapp_message_status", "whatsapp_messages", "whatsapp_sessions"),
)
STRANGER = "cccccccc-0000-4000-8000-000000000000"
ROLES = ("anon", "authenticated", "service_role")
PRIVATE = """
SELECT c.oid::regclass::text, c.oid FROM pg_class c WHERE c.relkind IN ('r', 'p')
  AND c.relnamespace IN ('recado'::regnamespace, 'whatsmeow'::regnamespace) ORDER BY 1
"""
UNDESCRIBED = """
SELECT c.relname || coalesce('.' || a.attname, '') FROM pg_class c
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'v') AND c.relnamespace = 'public'::regnamespace
  AND (coalesce(col_description(c.oid, a.attnum), '') = '' OR coalesce(obj_description(c.oid, 'pg_class'), '') = '')
ORDER BY 1
"""
NAMES = """
SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v') AND relnamespace = 'public'::regnamespace
UNION SELECT attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
WHERE c.relkind IN ('r', 'p', 'v') AND relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
"""


@pytest.fixture
async def tx(project_url: str):
    """The project's owner in it, with rows of two people and the example's policies; undone at the end."""
    async with Database.open(as_owner(project_url)) as database, database.transaction() as tx:
        await fill(tx)
        await tx.execute("CREATE SCHEMA whatsmeow; CREATE TABLE whatsmeow.sessions (secret bytea)")
        await tx.execute(
            "GRANT USAGE ON SCHEMA whatsmeow TO PUBLIC; GRANT ALL ON whatsmeow.sessions TO anon, service_role"
        )
        await seal_schema(tx, "whatsmeow")
        await tx.execute(POLICIES.replace("BEGIN;", "").replace("COMMIT;", "").encode(), prepare=False)
        yield tx
        await tx.execute("ROLLBACK; BEGIN")


async def first_column(tx: Tx, table: str) -> str:
    query = "SELECT attname FROM pg_attribute WHERE attnum = 1 AND attrelid = %s::regclass"
    return await fetch_value(tx, query, (table,))


async def test_there_are_rows_of_both_in_every_table(tx: Tx):
    assert await tables(tx) == list(TABLES)
    assert [(table, await seen(tx, table, ANA), await seen(tx, table, BIA)) for table in TABLES] == [
        (table, 1, 1) for table in TABLES
    ]


@pytest.mark.parametrize("table", TABLES)
async def test_a_visitor_who_is_not_signed_in_sees_nothing(tx: Tx, table: str):
    await become(tx, "anon")
    with pytest.raises(errors.InsufficientPrivilege):
        await seen(tx, table, ANA)


async def test_who_is_signed_in_sees_their_own_rows_in_every_table(tx: Tx):
    await become(tx, "authenticated", ANA)
    assert [table for table in TABLES if await seen(tx, table, ANA) != 1] == []


async def test_and_nobody_elses(tx: Tx):
    assert await leaks(tx) == []


@pytest.mark.parametrize("user", [STRANGER, None])
async def test_who_owns_no_instance_sees_nothing_at_all(tx: Tx, user: str | None):
    await become(tx, "authenticated", user)
    assert [table for table in TABLES if await fetch_value(tx, f"SELECT count(*) FROM {table}")] == []


@pytest.mark.parametrize("table", TABLES)
async def test_a_table_without_row_level_security_is_caught(tx: Tx, table: str):
    """A mutant: these tests and the doctor both see it."""
    await tx.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    assert table in await leaks(tx)
    assert [finding.code for finding in await openings.find(tx)] == ["table_open"]


async def shown_to(tx: Tx, role: str) -> list[str]:
    """The tables that show a row to somebody who owns nothing, were everything granted to them as Supabase does."""
    await tx.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}".encode())
    await become(tx, role, STRANGER)
    shown = [table for table in TABLES if await fetch_value(tx, f"SELECT count(*) FROM {table}")]
    await tx.execute("RESET ROLE")
    return shown


@pytest.mark.parametrize("role", ["anon", "authenticated"])
async def test_rows_are_kept_from_strangers_by_row_level_security_too_and_not_by_grants_alone(tx: Tx, role: str):
    assert await shown_to(tx, role) == []


@pytest.mark.parametrize("role", ["anon", "authenticated"])
async def test_a_table_without_it_is_caught_for_either_role(tx: Tx, role: str):
    """Mutants: one table after the other."""
    for table in TABLES:
        async with tx.transaction(force_rollback=True):
            await tx.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
            assert table in await shown_to(tx, role)


async def test_a_policy_that_lets_everybody_in_is_said(tx: Tx):
    await tx.execute("CREATE POLICY all_of_it ON whatsapp_messages FOR SELECT USING (true)")
    [finding] = await openings.find(tx)
    assert finding.sentence.startswith("The policy all_of_it of whatsapp_messages (SELECT) lets everybody in")


async def test_with_the_example_nothing_stands_open(tx: Tx):
    assert await openings.find(tx) == []


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("role", ["anon", "authenticated"])
async def test_nobody_writes_with_a_key_of_the_web(tx: Tx, table: str, role: str):
    column = await first_column(tx, table)
    await become(tx, role, ANA)
    for write in (f"UPDATE {table} SET {column} = NULL", f"DELETE FROM {table}", f"INSERT INTO {table} DEFAULT VALUES"):
        with pytest.raises(errors.InsufficientPrivilege):
            async with tx.transaction():
                await tx.execute(write.encode())


@pytest.mark.parametrize("table", TABLES)
async def test_the_service_role_sees_and_writes_every_row(tx: Tx, table: str):
    column = await first_column(tx, table)
    await become(tx, "service_role")
    assert (await seen(tx, table, ANA), await seen(tx, table, BIA)) == (1, 1)
    assert await execute(tx, f"UPDATE {table} SET {column} = {column}") == 2
    assert await execute(tx, f"DELETE FROM {table}") == 2


@pytest.mark.parametrize("role", ROLES)
async def test_what_is_recados_own_is_closed_to_every_role_of_the_project(tx: Tx, role: str):
    private = dict(await (await tx.execute(PRIVATE)).fetchall())
    assert {"recado.event_log", "recado.message_raw", "recado.webhooks", "whatsmeow.sessions"} <= set(private)
    await become(tx, role, ANA)
    for schema in ("recado", "whatsmeow"):
        assert not await fetch_value(tx, "SELECT has_schema_privilege(%s, 'USAGE')", (schema,))
    rights = "SELECT has_table_privilege(%s::oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')"
    assert [name for name, oid in private.items() if await fetch_value(tx, rights, (oid,))] == []


async def test_the_publication_carries_every_table(tx: Tx):
    query = "SELECT tablename FROM pg_publication_tables WHERE pubname = 'supabase_realtime' ORDER BY 1"
    assert await fetch_values(tx, query) == list(TABLES)


async def test_every_table_and_column_is_described(tx: Tx):
    assert await fetch_values(tx, UNDESCRIBED) == []


async def test_names_are_such_as_postgrest_and_javascript_take_as_they_are(tx: Tx):
    assert [name for name in await fetch_values(tx, NAMES) if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []


async def test_the_example_can_be_run_again(tx: Tx):
    await tx.execute(POLICIES.replace("BEGIN;", "").replace("COMMIT;", "").encode(), prepare=False)
    query = "SELECT tablename FROM pg_policies WHERE policyname = 'owner_reads' ORDER BY 1"
    assert await fetch_values(tx, query) == list(TABLES)


async def test_the_projects_owner_is_a_role_with_which_recado_starts(project_url: str):
    assert await checks.examine(as_owner(project_url)) == []


async def test_the_role_that_postgrest_connects_as_is_refused(project_url: str):
    [finding] = await checks.examine(project_url.replace("//recado@", "//authenticator@"))
    assert (finding.code, finding.is_fatal) == ("role_bound_by_rls", True)


async def test_a_front_end_hears_of_a_write_that_touched_nothing(tx: Tx):
    """An adopted table keeps the grants that Supabase gave it: then row-level security alone stands in the way."""
    await tx.execute("GRANT SELECT, UPDATE ON whatsapp_instances TO anon")
    await become(tx, "anon")
    cursor = await tx.execute("UPDATE whatsapp_instances SET status = 'connected' RETURNING id")
    assert await cursor.fetchall() == []


async def test_a_signed_in_owner_follows_an_instance_from_its_creation_to_its_end(project_url: str, tmp_path):
    """Recado itself, on a project of its own, as the project's owner."""
    url = await new_project(project_url, "live")
    engine = FakeEngine()
    settings = read_settings(database_url=as_owner(url), data_dir=tmp_path / "data", port=0)
    async with running(settings, engine=engine) as runtime, Database.open(url) as database:
        await engine.attached.wait()
        async with database.transaction() as tx:
            await tx.execute(POLICIES.replace("BEGIN;", "").replace("COMMIT;", "").encode(), prepare=False)

        async def statuses(user: str) -> list[str]:
            async with database.transaction() as tx:
                await become(tx, "authenticated", user)
                return await fetch_values(tx, "SELECT status FROM whatsapp_instances")

        made = await runtime.services.instances.create("loja", owner_id=UUID(ANA), start=False)
        assert await statuses(ANA) == ["disconnected"]
        engine.link(str(made.id))
        await runtime.services.instances.start(made)

        async def is_connected() -> bool:
            return await statuses(ANA) == ["connected"]

        await until(is_connected)
        assert await statuses(BIA) == []
        await runtime.services.instances.remove(made)
        assert await statuses(ANA) == []


async def new_project(project_url: str, name: str) -> str:
    """Another project on the same server, in which Recado has not been yet."""
    async with await psycopg.AsyncConnection.connect(project_url, autocommit=True) as caretaker:
        await caretaker.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    url = named(project_url, name)
    async with Database.open(url) as database, database.transaction() as tx:
        await tx.execute(PROJECT.encode(), prepare=False)
    return url


@pytest.mark.engine
async def test_the_engines_own_tables_are_closed_too(project_url: str, tmp_path):
    """As `recado up` makes them, in a project of its own."""
    url = await new_project(project_url, "real")
    await upgrade(read_settings(data_dir=tmp_path / "data"), as_owner(url))
    async with Database.open(url) as database, database.transaction() as tx:
        assert len([name for name in await fetch_values(tx, PRIVATE) if name.startswith("whatsmeow.")]) > 5
        assert await openings.find(tx) == []
        for role in ROLES:
            assert not await fetch_value(tx, "SELECT has_schema_privilege(%s, 'whatsmeow', 'USAGE')", (role,))
