"""Whose session an instance is, and what is remembered of its phone."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg

from recado.domain.instances import Linked, Past
from recado.store import sessions
from recado.store.database import Database
from recado.store.sessions import Ready
from tests.ui.rows import Rows

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
NOTED = """UPDATE public.whatsapp_sessions SET session_data = session_data || '{"backup": {"file": "/b/1", "at":
"2026-03-10T15:00:00Z"}}' WHERE instance_name = 'loja'"""
SEEN = "INSERT INTO recado.phones (instance_id, seen_at) VALUES (%s, %s)"


async def test_where_the_backup_is_outlives_a_new_connection(database_url: str, db: Database):
    with psycopg.connect(database_url, autocommit=True) as connection:
        rows = Rows.instance(connection, "loja", NOW, phone="5511999990001")
        rows.timeline([(NOW, "paired", "pairing", {})])
        connection.execute(SEEN, [rows.instance_id, NOW])
        ready = Ready(id=rows.instance_id, linked=Linked(phone_number="5511999990001"), at=NOW)
        async with db.transaction() as tx:
            await sessions.put(tx, [ready])
        connection.execute(NOTED)

        async with db.transaction() as tx:
            await sessions.put(tx, [ready])
            past = await sessions.past(tx, rows.instance_id)

    assert past == Past(paired_at=NOW, phone_seen_at=NOW, backup_at=NOW, backup_file="/b/1")


async def test_of_an_instance_without_a_phone_nothing_is_remembered(database_url: str, db: Database):
    with psycopg.connect(database_url, autocommit=True) as connection:
        rows = Rows.instance(connection, "loja", NOW)
        rows.timeline([(NOW, "paired", "pairing", {})])

    async with db.transaction() as tx:
        assert await sessions.past(tx, rows.instance_id) == Past()
