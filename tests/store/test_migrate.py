"""Migrations: once each, in order, the same by hand as by Recado; and the seed's table as the seed wrote it."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from recado.store import migrate
from recado.store.database import Database
from recado.store.rows import fetch_value, fetch_values
from tests.store.catalogue import catalogue

SEED = """
CREATE SCHEMA extensions;
CREATE FUNCTION extensions.uuid_generate_v4() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()';

CREATE TABLE public.whatsapp_instances (
  id uuid NOT NULL DEFAULT extensions.uuid_generate_v4(),
  instance_name text NOT NULL,
  status text NULL DEFAULT 'disconnected'::text,
  qr_code text NULL,
  phone_number text NULL,
  webhook_url text NULL,
  created_at timestamp with time zone NULL DEFAULT now(),
  updated_at timestamp with time zone NULL DEFAULT now(),
  CONSTRAINT whatsapp_instances_pkey PRIMARY KEY (id),
  CONSTRAINT whatsapp_instances_instance_name_key UNIQUE (instance_name),
  CONSTRAINT whatsapp_instances_status_check CHECK (
    status = ANY (ARRAY['connected'::text, 'disconnected'::text, 'connecting'::text])
  )
);
"""


@pytest.mark.parametrize("part", ["columns", "constraints", "indexes"])
async def test_s3_1_the_table_is_the_seeds_own(db: Database, empty_database_url: str, part: str):
    async with Database.open(empty_database_url) as database, database.transaction() as tx:
        await tx.execute(SEED)
        [*wanted] = (await catalogue(tx, "public"))[part]
    async with db.transaction() as tx:
        found = (await catalogue(tx, "public"))[part]
    assert wanted == [row for row in found if row[:2] in {row[:2] for row in wanted}]


async def test_a_second_upgrade_has_nothing_to_do(empty_database_url: str):
    async with Database.open(empty_database_url) as database:
        assert await migrate.upgrade(database) == [migration.name for migration in migrate.migrations()]
        assert await migrate.upgrade(database) == []


async def test_two_upgrades_at_once_apply_each_migration_once(empty_database_url: str):
    async with Database.open(empty_database_url) as database:
        first, second = await asyncio.gather(migrate.upgrade(database), migrate.upgrade(database))
    assert sorted([*first, *second]) == [migration.name for migration in migrate.migrations()]


async def test_a_migration_that_fails_leaves_nothing_of_itself(empty_database_url: str):
    async with Database.open(empty_database_url) as database:
        async with database.transaction() as tx:
            await tx.execute("CREATE TABLE public.whatsapp_media (in_the_way text)")
        with pytest.raises(psycopg.errors.DuplicateTable):
            await migrate.upgrade(database)
        async with database.transaction() as tx:
            assert (await migrate.pending(tx))[0] == "002_public"
            assert await fetch_value(tx, "SELECT to_regclass('public.whatsapp_messages')") is None


async def test_what_is_pending_is_known_before_and_after(empty_database_url: str):
    async with Database.open(empty_database_url) as database:
        async with database.transaction() as tx:
            assert await migrate.pending(tx) == [migration.name for migration in migrate.migrations()]
        await migrate.upgrade(database)
        async with database.transaction() as tx:
            assert await migrate.pending(tx) == []


async def test_the_script_for_an_sql_editor_makes_the_very_same_database(db: Database, empty_database_url: str):
    schemas = ("public", "recado", "extensions")
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as editor:
        await editor.execute(migrate.sql().encode())
    async with Database.open(empty_database_url) as database, database.transaction() as tx:
        assert await migrate.pending(tx) == []
        by_hand = await catalogue(tx, *schemas)
    async with db.transaction() as tx:
        assert by_hand == await catalogue(tx, *schemas)


async def test_an_old_table_keeps_its_rows(empty_database_url: str):
    async with Database.open(empty_database_url) as database:
        async with database.transaction() as tx:
            await tx.execute(SEED)
            await tx.execute("INSERT INTO whatsapp_instances (instance_name, status) VALUES ('São Paulo', 'connected')")
        await migrate.upgrade(database)
        async with database.transaction() as tx:
            query = "SELECT instance_name || ' ' || wanted || ' ' || state FROM whatsapp_instances"
            assert await fetch_values(tx, query) == ["São Paulo stopped stopped"]
