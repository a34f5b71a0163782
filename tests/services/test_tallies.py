"""What goes on at many instances at once: unread, messages of today, and that it costs the same whatever there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import psycopg
import pytest

from recado.domain.access import EVERYTHING
from recado.domain.tallies import Tally
from recado.services.life.instances import Instances
from recado.services.reading.tallies import Tallies
from recado.store import tallies as store
from recado.store.database import Database
from tests.plans import Watched, WatchedDatabase
from tests.ui import scenes
from tests.ui.rows import Rows

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
MIDNIGHT = NOW.replace(hour=0)


@pytest.fixture
def connection(database_url: str):
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


async def listed(db: Database) -> list[Any]:
    instances = Instances(db, cast(Any, None), cast(Any, None), cast(Any, None))
    return (await instances.list(EVERYTHING, limit=500)).items


async def test_unread_and_todays_messages_are_counted_for_each_instance(connection, db: Database):
    rows = Rows.instance(connection, "loja", NOW - timedelta(days=9))
    Rows.instance(connection, "filial", NOW)
    maria = rows.contact("5511988887777", NOW - timedelta(days=9))
    chat = rows.chat(NOW - timedelta(days=9), contact_id=maria, unread_count=3)
    rows.chat(NOW - timedelta(days=9), kind="group", jid="1@g.us", name="Equipe", unread_count=4)
    rows.message(chat, MIDNIGHT - timedelta(milliseconds=1), "ontem", sender=maria)
    asked = rows.message(chat, MIDNIGHT, "hoje", sender=maria)
    rows.message(chat, NOW, "agora")
    liked = "UPDATE public.whatsapp_messages SET target_wa_id = 'X' WHERE id = %s"
    connection.execute(liked, [rows.message(chat, NOW, "👍", sender=maria, kind="reactionMessage").id])
    shown = await listed(db)

    counted = await Tallies(db).of(shown, MIDNIGHT)

    assert asked is not None
    assert {one.instance_name: counted[one.id] for one in shown} == {
        "loja": Tally(unread_chats=2, unread=7, today=2),
        "filial": Tally(),
    }


async def test_a_chat_marked_as_unread_counts_as_one(connection, db: Database):
    rows = Rows.instance(connection, "loja", NOW)
    chat = rows.chat(NOW, kind="group", jid="1@g.us", name="Equipe")
    connection.execute("UPDATE public.whatsapp_chats SET is_marked_unread = true WHERE id = %s", [chat])

    [counted] = (await Tallies(db).of(await listed(db), MIDNIGHT)).values()

    assert (counted.unread_chats, counted.unread) == (1, 1)


async def test_two_hundred_instances_cost_two_statements_that_read_from_indexes(connection, db: Database):
    shops = scenes.idle_instances(connection, NOW)
    scenes.crowd(connection, shops[0].instance_id, NOW)
    shown = await listed(db)
    watched = WatchedDatabase(db)

    counted = await Tallies(cast(Any, watched)).of(shown, MIDNIGHT)

    assert len(counted) == 200
    assert counted[shops[0].instance_id].unread == store.MOST_CHATS
    assert counted[shops[0].instance_id].is_unread_cut
    assert len(watched.plans) == 2
    assert not watched.scanned()
    assert "whatsapp_chats_unread" in watched.indexes()
    assert watched.blocks < 3_000


@pytest.mark.timeout(600)  # the first one may have to make the database
async def test_today_is_counted_without_reading_what_came_before(million_url: str):
    async with Database.open(million_url) as database, database.transaction() as tx:
        ids = [id for (id,) in await (await tx.execute("SELECT id FROM public.whatsapp_instances")).fetchall()]
        watched = Watched(tx, [])
        counted = await store.of(cast(Any, watched), ids, datetime.now(UTC))
    assert {tally.today for tally in counted.values()} == {0}
    assert sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in watched.plans[1:]) < 60


async def test_counting_ends_at_a_limit(connection, db: Database, monkeypatch):
    rows = Rows.instance(connection, "loja", NOW)
    chat = rows.chat(NOW, kind="group", jid="1@g.us", name="Equipe")
    for n in range(5):
        rows.message(chat, NOW, str(n))
    monkeypatch.setattr(store, "MOST_MESSAGES", 4)

    [counted] = (await Tallies(db).of(await listed(db), MIDNIGHT)).values()

    assert (counted.today, counted.is_today_cut) == (4, True)


async def test_only_what_a_key_may_see_is_found_again(connection, db: Database):
    shop = Rows.instance(connection, "loja", NOW).instance_id
    found = await Tallies(db).some(EVERYTHING, {shop, UUID(int=7)})
    assert [one.id for one in found] == [shop]
