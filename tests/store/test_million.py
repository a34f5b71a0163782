"""What searches and lists cost in an instance with a million messages: blocks that are read, never times."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID

import pytest

from bench.million import BIG, SMALL
from recado.domain.message_filter import MessageFilter
from recado.domain.questions import question_of
from recado.store import message_lists, search
from recado.store.database import Database, Tx
from recado.store.search import Found

EVERYTHING = MessageFilter()
pytestmark = pytest.mark.timeout(600)  # the first of them may have to make the database
CHAT = UUID("00000002-0000-7000-8000-000000000011")


class Watched:
    """A transaction that looks at the plan of each query over messages, as it was carried out."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.plans: list[dict[str, Any]] = []

    async def execute(self, query: str, params: Any = None, **options: Any) -> Any:
        if "public.whatsapp_messages" in query:
            cursor = await self._tx.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", params, prepare=False)
            [[[plan]]] = await cursor.fetchall()
            self.plans.append(plan["Plan"])
        return await self._tx.execute(query, params, **options)

    @property
    def blocks(self) -> int:
        """All that was read, whether it was in memory or not."""
        return sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in self.plans)

    def nodes(self) -> list[dict[str, Any]]:
        found, open_ = [], [*self.plans]
        while open_:
            found.append(node := open_.pop())
            open_ += node.get("Plans", [])
        return found

    def scans(self) -> set[str]:
        """How messages were looked for: kinds of nodes, with the index of each."""
        on_messages = [
            one
            for one in self.nodes()
            if "whatsapp_messages" in repr((one.get("Relation Name"), one.get("Index Name")))
        ]
        return {f"{one['Node Type']} {one.get('Index Name', '')}".strip() for one in on_messages}


@pytest.fixture
async def tx(million_url: str) -> AsyncIterator[Watched]:
    async with Database.open(million_url) as database, database.transaction() as tx:
        yield Watched(tx)


async def find(
    tx: Watched,
    text: str,
    wanted: MessageFilter = EVERYTHING,
    *,
    instance: UUID | None = BIG,
    most: int = 50,
    **options: Any,
) -> Found:
    question, real = question_of(text), cast(Tx, tx)
    stems = await search.stems_of(real, question)
    assert stems is not None
    place = {"chat_id": None, "before": None} | options
    return await search.find(real, instance, stems[0], question, wanted, most=most, **place)


def number(id: UUID) -> int:
    """Messages are numbered from 1 in their ids."""
    return id.int & 0xFFFF_FFFF_FFFF


async def test_one_message_in_a_million_is_found_through_the_index(tx: Watched):
    found = await find(tx, "agulha")
    assert [number(id) for id in found.ids] == [77_777]
    assert tx.scans() == {"Bitmap Heap Scan", "Bitmap Index Scan whatsapp_messages_search"}
    assert tx.blocks < 50


async def test_the_newest_of_a_thousand_are_found_through_the_index(tx: Watched):
    found = await find(tx, "informações")
    assert [number(id) for id in found.ids[:3]] == [1_000_000, 999_000, 998_000]
    assert tx.scans() == {"Bitmap Heap Scan", "Bitmap Index Scan whatsapp_messages_search"}
    assert tx.blocks < 1_500


async def test_a_word_in_every_tenth_message_costs_no_more_than_the_newest_part(tx: Watched):
    found = await find(tx, "pedido")
    assert [number(id) for id in found.ids] == [1_000_000 - 10 * n for n in range(50)]
    assert found.resume == found.ids[-1]
    heap = [node for node in tx.nodes() if node["Node Type"] == "Bitmap Heap Scan"]
    assert all(node["Actual Rows"] <= search.FEW + 1 for node in heap)
    assert any(node["Node Type"] == "BitmapAnd" for node in tx.nodes())
    assert not any("Seq Scan" in scan for scan in tx.scans())
    assert tx.blocks < 2_500


async def test_the_following_pages_of_a_common_word_cost_no_more(tx: Watched):
    first = await find(tx, "pedido")
    before = tx.blocks
    second = await find(tx, "pedido", before=first.resume)
    assert [number(id) for id in second.ids[:2]] == [999_500, 999_490]
    assert tx.blocks - before < 2_500


async def test_two_common_words_together(tx: Watched):
    found = await find(tx, "pedido baba")
    assert len(found.ids) == 50
    assert not any("Seq Scan" in scan for scan in tx.scans())
    assert tx.blocks < 15_000


async def test_a_filter_that_nothing_passes_ends_after_its_steps(tx: Watched):
    found = await find(tx, "pedido", MessageFilter(from_me=True))
    assert found.ids == []
    assert all(node["Actual Rows"] <= search.WINDOW for node in tx.nodes() if node["Node Type"] == "Bitmap Heap Scan")
    assert tx.blocks < 60_000


async def test_a_phrase_of_common_words_that_never_stand_so(tx: Watched):
    found = await find(tx, '"pedido pedido"')
    assert found.ids == []
    assert found.resume is not None
    assert tx.blocks < 60_000


async def test_one_chat_is_searched_through_both_indexes(tx: Watched):
    found = await find(tx, "pedido", chat_id=CHAT)
    assert len(found.ids) == 50
    assert "Bitmap Index Scan whatsapp_messages_search" in tx.scans()
    assert tx.blocks < 2_500


async def test_a_small_instance_does_not_pay_for_a_large_one(tx: Watched):
    assert (await find(tx, "pedido", instance=SMALL)).ids == []
    assert tx.blocks < 20


async def test_all_instances_together_are_searched_at_the_cost_of_one(tx: Watched):
    found = await find(tx, "pedido", instance=None)
    assert [number(id) for id in found.ids[:2]] == [1_000_000, 999_990]
    assert not any("Seq Scan" in scan for scan in tx.scans())
    assert tx.blocks < 2_500


@pytest.mark.parametrize("direction", ["last", "older", "newer"])
async def test_a_page_in_the_middle_of_a_chat_reads_only_itself(tx: Watched, direction: str):
    real = cast(Tx, tx)
    [last] = await message_lists.of_chat(real, CHAT, limit=1)
    place = (last.sent_at.replace(year=2024), 0, UUID(int=0))
    await message_lists.of_chat(real, CHAT, direction=direction, place=place, limit=50)
    assert "Index Scan whatsapp_messages_order" in tx.scans()
    assert tx.blocks < 1_000


@pytest.mark.parametrize("direction", ["last", "older", "newer"])
async def test_a_page_in_the_middle_of_an_instance_reads_only_itself(tx: Watched, direction: str):
    real = cast(Tx, tx)
    place = (UUID(f"{(1700000000000 + 500_000 * 60000):012x}70008000000000000000"),)
    await message_lists.of_instance(real, BIG, direction=direction, place=place, limit=50)
    assert not any("Seq Scan" in scan for scan in tx.scans())
    assert tx.blocks < 1_000
