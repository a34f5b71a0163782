"""`recado instance history`: how far it is, what was lost, and an end when there is no more to wait for."""

from __future__ import annotations

from recado.domain.sync import HistoryNotice
from recado.runtime import Runtime
from tests.waiting import until


async def offer(runtime: Runtime, progress: int) -> None:
    """The phone offers a piece, which this engine cannot fetch."""
    [id] = runtime.lifecycle.roster.connected()
    notice = HistoryNotice(
        session=str(id),
        wa_id=f"{progress}",
        notification=f"{progress}".encode(),
        sync_type="RECENT",
        chunk_order=1,
        progress=progress,
    )
    await runtime.services.histories.handle(notice)


async def settle(runtime: Runtime, sql: str) -> None:
    async with runtime.database.transaction() as tx:
        await tx.execute(f"UPDATE recado.history_pieces SET {sql}")


async def test_a_phone_that_has_offered_nothing(recado, loja: str):
    assert "no history yet" in await recado("instance", "history", "loja")


async def test_the_progress_is_said_once_when_asked_so(recado, runtime: Runtime, loja: str):
    await offer(runtime, 60)
    assert "running" in await recado("instance", "history", "loja", "--no-follow")


async def test_it_follows_until_all_is_stored_and_names_what_was_lost(recado, runtime: Runtime, loja: str):
    await offer(runtime, 50)
    await offer(runtime, 100)
    await settle(runtime, "state = 'done', ended_at = now(), added = 7, error = NULL")
    await settle(runtime, "state = 'lost', error = 'its hash is wrong' WHERE progress = 50")

    async def said() -> str | None:
        told = await recado("instance", "history", "loja")
        return told if "complete" in told else None

    told = await until(said)
    assert "100 %  0 chats, 14 messages  complete" in told
    assert "its hash is wrong" in told
