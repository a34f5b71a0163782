"""Closed by default: row-level security on every table, and nobody let in who was not named."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from psycopg import errors

from recado.store import adoption, days, migrate
from recado.store.database import Database, Tx
from recado.store.rows import execute, fetch_value, fetch_values
from recado.store.sealing import seal_schema
from tests.fixtures_database import named
from tests.store.supabase import PROJECT, as_owner, become

OPEN_TABLES = """
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
  AND (c.relnamespace = ANY (%s::regnamespace[]) OR c.relname LIKE 'whatsapp\\_%%')
"""
# Every right on a table, sequence, function or schema of ours that is not its owner's.
GRANTS = """
SELECT coalesce(grantee.rolname, 'PUBLIC') || ': ' || granted.privilege_type || ' ' || thing
FROM (
  SELECT oid::regclass::text AS thing, relacl AS acl, relowner AS owner, relnamespace AS place FROM pg_class
  UNION ALL
  SELECT oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner)), proowner, pronamespace FROM pg_proc
  UNION ALL
  SELECT nspname, nspacl, nspowner, oid FROM pg_namespace
) AS things
CROSS JOIN aclexplode(acl) AS granted LEFT JOIN pg_roles AS grantee ON grantee.oid = granted.grantee
WHERE granted.grantee <> owner AND (place = 'recado'::regnamespace OR thing LIKE 'whatsapp\\_%%')
ORDER BY 1
"""
TABLES = ["chats", "contacts", "group_members", "instances", "media", "message_status", "messages", "sessions"]


@pytest.fixture
async def tx(project_url: str):
    """A transaction in a migrated project, undone at the end."""
    async with Database.open(project_url) as database, database.transaction() as tx:
        await execute(tx, "INSERT INTO whatsapp_instances (instance_name) VALUES ('loja')")
        yield tx
        await tx.execute("ROLLBACK; BEGIN")


async def test_every_table_is_under_row_level_security(db: Database):
    async with db.transaction() as tx:
        assert await fetch_values(tx, OPEN_TABLES, (["recado"],)) == []


async def test_without_the_roles_of_supabase_nobody_is_let_in(db: Database):
    async with db.transaction() as tx:
        assert await fetch_values(tx, GRANTS) == []


async def test_with_them_only_what_the_migrations_name_is_granted(tx: Tx):
    reading = [f"authenticated: SELECT whatsapp_{table}" for table in TABLES]
    serving = [
        f"service_role: {right} whatsapp_{table}"
        for right in ("DELETE", "INSERT", "SELECT", "UPDATE")
        for table in TABLES
    ]
    assert await fetch_values(tx, GRANTS) == reading + serving


@pytest.mark.parametrize("role", ["anon", "authenticated"])
@pytest.mark.parametrize("table", ["recado.settings", "recado.event_log", "recado.message_raw", "recado.webhooks"])
async def test_the_roles_of_the_web_cannot_read_what_is_ours_alone(tx: Tx, role: str, table: str):
    await tx.execute(f"SET LOCAL ROLE {role}")
    with pytest.raises(errors.InsufficientPrivilege):
        await tx.execute(f"SELECT * FROM {table}")


async def test_a_signed_in_user_sees_no_row_until_a_policy_says_so(tx: Tx):
    await become(tx, "authenticated")
    assert await fetch_value(tx, "SELECT count(*) FROM whatsapp_instances") == 0
    await tx.execute("RESET ROLE")
    await tx.execute(
        "CREATE POLICY mine ON whatsapp_instances FOR SELECT TO authenticated USING (instance_name = 'loja')"
    )
    await become(tx, "authenticated")
    assert await fetch_value(tx, "SELECT count(*) FROM whatsapp_instances") == 1


async def test_an_anonymous_visitor_may_not_even_look(tx: Tx):
    await tx.execute("SET LOCAL ROLE anon")
    with pytest.raises(errors.InsufficientPrivilege):
        await tx.execute("SELECT * FROM whatsapp_instances")


async def test_the_service_role_sees_and_writes_every_row(tx: Tx):
    await tx.execute("SET LOCAL ROLE service_role")
    assert await execute(tx, "UPDATE whatsapp_instances SET webhook_url = 'https://a.example'") == 1


async def test_every_public_table_is_announced_by_realtime(tx: Tx):
    query = "SELECT tablename FROM pg_publication_tables WHERE pubname = 'supabase_realtime' ORDER BY 1"
    assert await fetch_values(tx, query) == [f"whatsapp_{table}" for table in TABLES]


async def test_a_new_day_of_the_log_is_as_closed_as_the_log(tx: Tx):
    await days.prepare(tx)
    assert await fetch_values(tx, OPEN_TABLES, (["recado"],)) == []
    assert not [grant for grant in await fetch_values(tx, GRANTS) if "event_log" in grant]


async def test_a_sealed_schema_is_closed_to_all_but_its_owner(tx: Tx):
    await tx.execute("CREATE SCHEMA whatsmeow; CREATE TABLE whatsmeow.keys (secret bytea)")
    await tx.execute(
        "GRANT USAGE ON SCHEMA whatsmeow TO PUBLIC; GRANT ALL ON whatsmeow.keys TO PUBLIC, anon, service_role"
    )
    await seal_schema(tx, "whatsmeow")
    assert await fetch_values(tx, OPEN_TABLES, (["whatsmeow"],)) == []
    for role in ("anon", "authenticated", "service_role"):
        assert not await fetch_value(tx, "SELECT has_schema_privilege(%s, 'whatsmeow', 'USAGE')", (role,))
        assert not await fetch_value(tx, "SELECT has_table_privilege(%s, 'whatsmeow.keys', 'SELECT')", (role,))


async def test_the_grants_of_a_table_that_was_there_before_are_kept(project_url: str):
    """The old back end's table, as Supabase makes one: everything granted to everyone, row-level security off."""
    async with await psycopg.AsyncConnection.connect(project_url, autocommit=True) as caretaker:
        name = f"adopted_{uuid4().hex}"
        await caretaker.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
    url = named(project_url, name)
    async with Database.open(url) as database, database.transaction() as tx:
        await tx.execute(PROJECT.encode(), prepare=False)
    async with Database.open(as_owner(url)) as database:
        async with database.transaction() as tx:
            await tx.execute("CREATE TABLE whatsapp_sessions (instance_name text PRIMARY KEY, last_activity date)")
        await adoption.adopt(database)
        await migrate.upgrade(database)
        async with database.transaction() as tx:
            assert "anon: INSERT whatsapp_sessions" in await fetch_values(tx, GRANTS)
            assert await fetch_values(tx, OPEN_TABLES, (["recado"],)) == []
