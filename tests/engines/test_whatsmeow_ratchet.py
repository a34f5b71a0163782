"""A message goes out while one of the same person comes in: both move the same Signal session, and none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from tests.engines.contract import text_to
from tests.engines.harness import link, round_trips
from tests.engines.mutant import NO_TURNS, build_mutant
from tests.engines.whatsmeow_harness import WhatsmeowHarness, whatsmeow
from tests.waiting import until

pytestmark = pytest.mark.engine

_HOLD = "SELECT FROM whatsmeow.whatsmeow_sessions WHERE their_id LIKE %s FOR UPDATE"
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


class Conversation:
    """One linked session and Maria, who has a Signal session with it."""

    def __init__(self, harness: WhatsmeowHarness, database_url: str) -> None:
        self.harness = harness
        self.phone = harness.phone("s1")
        self._url = database_url

    async def say(self, text: str) -> bool:
        """Whether Maria could read it: she has tried by the time that the network has acknowledged it."""
        parcel = text_to(self.harness.contact.phone, text)
        await self.harness.engine.send("s1", 1, parcel)
        return self.harness.network.ledger.row(self.phone, parcel.wa_id).decrypted

    async def cross(self, writers: int) -> list[bool]:
        """Something goes out and is held where its session is written; meanwhile something comes in.

        The gate: so many writers wait for the session's row, and the host has read what came in.
        """
        async with self._held_sessions() as waiting:
            going = asyncio.ensure_future(self.say("crossing"))
            await until(lambda: waiting(1))
            coming = await self.harness.write("s1", "crossing")
            await self.harness.network.ledger.wait(lambda ledger: ledger.row(self.phone, coming).offers)
            await round_trips(self.harness.engine, "s1")
            await until(lambda: waiting(writers))
        await self.harness.network.ledger.wait(lambda ledger: ledger.row(self.phone, coming).confirmed_at)
        return [await going, await self.say("after")]

    @asynccontextmanager
    async def _held_sessions(self) -> AsyncIterator:
        """The Signal session with Maria cannot be written during the block."""
        hers = self.harness.contact.lid.partition("@")[0] + "%"
        async with await psycopg.AsyncConnection.connect(self._url) as connection:
            await connection.execute(_HOLD, [hers])

            async def waiting(count: int) -> bool:
                [found] = await (await connection.execute(_WAITING)).fetchone() or [0]
                return found >= count

            yield waiting


@asynccontextmanager
async def conversation(database_url: str, directory: Path, **more: Path) -> AsyncIterator[Conversation]:
    async with whatsmeow(database_url, directory, **more) as harness:
        await link(harness, "s1")
        talk = Conversation(harness, database_url)
        await harness.write("s1", "Oi")
        assert await talk.say("Oi, Maria")
        answer = await harness.write("s1", "Tudo bem?")
        await harness.network.ledger.wait(lambda ledger: ledger.row(talk.phone, answer).confirmed_at)
        yield talk


async def test_what_crosses_on_the_way_is_read_and_so_is_what_follows(database_url, tmp_path):
    async with conversation(database_url, tmp_path) as talk:
        assert await talk.cross(writers=1) == [True, True]


async def test_a_host_that_lets_both_move_the_session_at_once_is_caught(database_url, tmp_path):
    mutant = build_mutant("no-turns", NO_TURNS)
    async with conversation(database_url, tmp_path, binary=mutant) as talk:
        assert await talk.cross(writers=2) == [True, False]
