"""What a batch of history costs does not grow with what is there: a fixed number of statements, and indexes alone."""

from __future__ import annotations

from typing import Any, cast

import pytest

from recado.domain.jid import Identity
from recado.domain.sync import HistoryBatch
from recado.store import history, history_pieces, history_requests
from recado.store.database import Database, Tx
from tests.stillclock import StillClock
from tests.store.house import GROUP, House, at
from tests.store.past import batch, conversation, message

FILL = (
    "DROP INDEX public.whatsapp_messages_search",
    """INSERT INTO public.whatsapp_contacts (id, instance_id, phone_number, lid)
    SELECT gen_random_uuid(), %(instance)s, 551190000000 + n, n || '@lid' FROM generate_series(1, 9000) n""",
    """INSERT INTO public.whatsapp_chats (id, instance_id, kind, contact_id)
    SELECT gen_random_uuid(), %(instance)s, 'person', id FROM public.whatsapp_contacts ORDER BY lid LIMIT 9000""",
    """INSERT INTO public.whatsapp_messages (id, instance_id, chat_id, sender_id, from_me, wa_id, kind, sent_at, status)
    SELECT gen_random_uuid(), %(instance)s, h.id, h.contact_id, false, 'FILL' || n, 'conversation', now(), 'received'
    FROM public.whatsapp_chats h, generate_series(1, 4) n""",
    "INSERT INTO recado.message_raw (message_id, bytes) SELECT id, '' FROM public.whatsapp_messages",
    "ANALYZE",
)
LARGE = {"whatsapp_contacts", "whatsapp_chats", "whatsapp_messages", "message_raw"}


class Watched:
    """A transaction that keeps the plan of every statement, as it would be carried out."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.plans: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    async def execute(self, query: str, params: Any = None, **options: Any) -> Any:
        cursor = await self._tx.execute(f"EXPLAIN (FORMAT JSON) {query}", params, prepare=False)
        [[[plan]]] = await cursor.fetchall()
        self.plans.append(plan["Plan"])
        return await self._tx.execute(query, params, **options)

    def scanned(self) -> set[str]:
        """The tables that were read from end to end."""
        found, open_ = set(), [*self.plans]
        while open_:
            node = open_.pop()
            open_ += node.get("Plans", [])
            if node["Node Type"] == "Seq Scan":
                found.add(node["Relation Name"])
        return found


@pytest.fixture
async def house(db: Database, clock: StillClock) -> House:
    return await House(db, clock).open()


@pytest.fixture
async def large(house: House) -> House:
    """The same, with many people and messages."""
    async with house.database.transaction() as tx:
        for statement in FILL:
            await tx.execute(statement, {"instance": house.id})
    return house


def told(house: House, count: int, wa_id: str) -> HistoryBatch:
    """So many messages of ten people and of a group, some of them your own."""
    people = [Identity(phone=f"5511900000{n:03}") for n in range(10)]
    chats = [conversation(f"{one.phone}@s.whatsapp.net", who=one, unread=1) for one in people]
    texts = [
        message(house, str(n), who=people[n % 10], wa_id=f"{wa_id}{n}", sent_at=at(n), is_own=n % 3 == 0)
        if n % 3
        else message(house, str(n), chat=GROUP, who=people[n % 10], wa_id=f"{wa_id}{n}", sent_at=at(n))
        for n in range(count)
    ]
    return batch(house, *chats, conversation(GROUP, name="Equipe"), *texts, people=tuple(people))


async def write(house: House, told: HistoryBatch) -> Watched:
    async with house.database.transaction() as tx:
        watched = Watched(tx)
        new_id, now = house.clock.new_id, house.clock.now()
        await history.write(cast(Tx, watched), house.id, house.name, told, new_id=new_id, now=now)
    return watched


async def test_a_batch_reads_no_table_from_end_to_end(large: House):
    first, again = await write(large, told(large, 200, "A")), await write(large, told(large, 200, "A"))
    assert first.scanned() & LARGE == set()
    assert again.scanned() & LARGE == set()


async def test_the_number_of_statements_does_not_depend_on_the_number_of_messages(house: House):
    few, many = await write(house, told(house, 30, "A")), await write(house, told(house, 200, "B"))
    assert len(many.plans) <= len(few.plans) <= 20


async def test_what_the_worker_asks_reads_no_large_table(large: House):
    async with large.database.transaction() as tx:
        watched = Watched(tx)
        asked = cast(Tx, watched)
        chat_id = await large.value("SELECT id FROM public.whatsapp_chats ORDER BY id LIMIT 1")
        await history_pieces.next_due(asked, [large.id], large.clock.now())
        await history_requests.oldest(asked, chat_id)
        await history_requests.expire(asked, large.clock.now())
    assert watched.scanned() & LARGE == set()
