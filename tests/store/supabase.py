"""A project like Supabase's, with rows of two owners in every table, and what a person signed in there sees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from recado.store import migrate
from recado.store.database import Database, Tx
from recado.store.rows import fetch_values

PROJECT: Final = Path(__file__).with_name("supabase_like.sql").read_text()
POLICIES: Final = (Path(__file__).parents[2] / "sql" / "policies-by-owner.sql").read_text()
ANA: Final = "aaaaaaaa-0000-4000-8000-000000000000"
BIA: Final = "bbbbbbbb-0000-4000-8000-000000000000"

# Every uuid and name of an owner's rows begins with the eight letters of that owner.
_ROWS: Final = """
INSERT INTO whatsapp_instances (id, instance_name, owner_id) VALUES
  ('{o}-1000-4000-8000-000000000001', '{o}', '{o}-0000-4000-8000-000000000000');
INSERT INTO whatsapp_sessions (instance_name) VALUES ('{o}');
INSERT INTO whatsapp_contacts (id, instance_id, phone_number) VALUES
  ('{o}-1000-4000-8000-000000000002', '{o}-1000-4000-8000-000000000001', '5511999990001');
INSERT INTO whatsapp_chats (id, instance_id, kind, contact_id) VALUES
  ('{o}-1000-4000-8000-000000000003', '{o}-1000-4000-8000-000000000001', 'person', '{o}-1000-4000-8000-000000000002');
INSERT INTO whatsapp_group_members (chat_id, contact_id, instance_id, role) VALUES ('{o}-1000-4000-8000-000000000003',
  '{o}-1000-4000-8000-000000000002', '{o}-1000-4000-8000-000000000001', 'member');
INSERT INTO whatsapp_messages (id, instance_id, chat_id, from_me, wa_id, kind, sent_at, status) VALUES
  ('{o}-1000-4000-8000-000000000004', '{o}-1000-4000-8000-000000000001', '{o}-1000-4000-8000-000000000003', true, '1',
   'conversation', now(), 'sent');
INSERT INTO whatsapp_message_status (message_id, status, at) VALUES ('{o}-1000-4000-8000-000000000004', 'sent', now());
INSERT INTO whatsapp_media (message_id, instance_id, kind) VALUES ('{o}-1000-4000-8000-000000000004',
  '{o}-1000-4000-8000-000000000001', 'image');
"""


async def make_project(url: str) -> None:
    """Recado's tables in a new project, made as its owner would make them: by the role postgres."""
    async with Database.open(url) as database, database.transaction() as tx:
        await tx.execute(PROJECT.encode(), prepare=False)
    async with Database.open(as_owner(url)) as database:
        await migrate.upgrade(database)


def as_owner(url: str) -> str:
    return url.replace("//recado@", "//postgres@")


async def fill(tx: Tx) -> None:
    """Rows of Ana and of Bia."""
    for owner in (ANA, BIA):
        await tx.execute(_ROWS.format(o=owner[:8]).encode(), prepare=False)


async def tables(tx: Tx) -> list[str]:
    """Every table of ours in `public`."""
    query = (
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY 1"
    )
    return await fetch_values(tx, query)


async def become(tx: Tx, role: str, user: str | None = None) -> None:
    """Speak as PostgREST does for a request with a key of that role, and the token of that user."""
    claims = json.dumps({"sub": user, "role": role} if user else {"role": role})
    await tx.execute("SELECT set_config('request.jwt.claims', %s, true)", (claims,))
    await tx.execute(f"SET LOCAL row_security = on; SET LOCAL ROLE {role}".encode())


async def seen(tx: Tx, table: str, owner: str) -> int:
    """How many rows of that owner whoever asks sees in the table."""
    cursor = await tx.execute(f"SELECT count(*) FROM {table} t WHERE strpos(t::text, %s) > 0".encode(), (owner[:8],))
    return (await cursor.fetchone() or (0,))[0]


async def leaks(tx: Tx) -> list[str]:
    """The tables in which Ana, signed in, sees rows of Bia's."""
    names = await tables(tx)
    await become(tx, "authenticated", ANA)
    found = [table for table in names if await seen(tx, table, BIA)]
    await tx.execute("RESET ROLE")
    return found
