"""Search in a million messages: how long an answer takes, and what the index costs those who write."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from recado.clock import SystemClock
from recado.domain.engine import Incoming
from recado.domain.jid import identity_of
from recado.services.reading.messages import Messages
from recado.store import identities, incoming, instances, log
from recado.store.database import Database
from recado.store.incoming import Arrival

from . import million
from .postgres import Postgres
from .readings import percentile

QUESTIONS: Final[Mapping[str, str]] = {
    "one message in a million": "agulha",
    "one in a thousand": "informações",
    "one in ten": "pedido",
    "two common words": "pedido baba",
    "the beginning of a word": "pedid",
    "a phrase that is nowhere": '"pedido pedido"',
}
_DATABASE: Final = "million"
_BARE: Final = "million_bare"
_BATCH: Final = 200
_TEXT: Final = "Bom dia, o pedido número {} já saiu para entrega e chega hoje à tarde"
_DROP: Final = "DROP INDEX public.whatsapp_messages_search"
_BEGAN: Final = datetime(2026, 11, 24, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """Milliseconds (p50, p99) of the first page by question; µs a message to write with the index and without it."""

    messages: int
    answers: dict[str, tuple[float, float]]
    with_index: float
    without_index: float


async def search(postgres: Postgres, count: int, *, repeats: int, writes: int) -> Searched:
    """On a running server, in databases of its own."""
    await postgres.drop(_BARE)
    await million.prepare(postgres, _DATABASE, count)
    await postgres.make(_BARE, like=_DATABASE)
    async with Database.open(postgres.url(_DATABASE)) as database, Database.open(postgres.url(_BARE)) as bare:
        answers = {name: await _answers(database, text, repeats) for name, text in QUESTIONS.items()}
        async with bare.transaction() as tx:
            await tx.execute(_DROP)
        with_index, without_index = await writing([database, bare], writes)
    for name in (_DATABASE, _BARE):
        await postgres.drop(name)
    return Searched(messages=count, answers=answers, with_index=with_index, without_index=without_index)


async def _answers(database: Database, text: str, repeats: int) -> tuple[float, float]:
    async with database.transaction() as tx:
        instance = await instances.get(tx, million.BIG)
    assert instance is not None
    reading, spent = Messages(database), []
    for _ in range(repeats + 1):
        begun = time.perf_counter()
        await reading.search(instance, text)
        spent.append((time.perf_counter() - begun) * 1000)
    return percentile(spent[1:], 50), percentile(spent[1:], 99)


async def writing(databases: Sequence[Database], count: int) -> list[float]:
    """Of each the middle batch's microseconds a message, in turn, through the very statements that receiving runs."""
    clock = SystemClock()
    spent: list[list[float]] = [[] for _ in databases]
    for batch in _batches(clock, count):
        for times, database in zip(spent, databases, strict=True):
            begun = time.perf_counter()
            async with database.transaction(locks=identities.locks([million.SMALL])) as tx:
                events = await incoming.write(tx, incoming.read_through(batch), new_id=clock.new_id, now=clock.now())
                log.append_last(tx, events)
            times.append((time.perf_counter() - begun) / len(batch) * 1_000_000)
    return [percentile(times, 50) for times in spent]


def _batches(clock: SystemClock, count: int) -> Sequence[list[Arrival]]:
    arrivals = [_arrival(clock, n) for n in range(count)]
    return [arrivals[at : at + _BATCH] for at in range(0, count, _BATCH)]


def _arrival(clock: SystemClock, n: int) -> Arrival:
    chat = f"55119{n % 50:08d}@s.whatsapp.net"
    who = identity_of(chat)
    text = _TEXT.format(n)
    said: dict[str, Any] = {"kind": "conversation", "text": text, "content": {"conversation": text}}
    inbound = Incoming(
        session=str(million.SMALL),
        wa_id=clock.new_wa_id(),
        chat=chat,
        chat_identity=who,
        sender=who,
        is_from_me=False,
        is_group=False,
        sent_at=_BEGAN + timedelta(seconds=n),
        raw=text.encode(),
        **said,
    )
    return Arrival(id=clock.new_id(), instance_id=million.SMALL, instance_name="small", inbound=inbound)
