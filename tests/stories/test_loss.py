"""The promise "nothing received is lost", under kill -9 of each part in turn; and mutants that must break it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psycopg
import pytest

from recado.store import embedded
from recado_simulator.content import text_message
from recado_simulator.network import Network
from recado_simulator.options import NetworkOptions
from recado_simulator.phone import Phone
from tests.engines.mutant import EARLY_ACK, build_mutant
from tests.stories.product import Product, product

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(240)]

INSTANCES = 5
MESSAGES = 500
IN_FLIGHT = 20
VICTIMS = ("engine host", "recado", "postgres")
GUARD = 120.0


@dataclass(slots=True, kw_only=True)
class Stage:
    """Everything that the loss test stands on."""

    network: Network
    product: Product
    postgres: embedded.Server
    phones: list[Phone]

    def offered(self) -> int:
        """Messages that are on the wire and not confirmed."""
        rows = [row for phone in self.phones for row in self.network.ledger.unconfirmed(phone)]
        return sum(1 for row in rows if row.offers)

    def confirmed(self) -> list[str]:
        return [row.id for phone in self.phones for row in self.network.ledger.confirmed(phone)]

    def stored(self) -> list[str]:
        """WhatsApp's ids of the received messages in the table, with repetitions."""
        with psycopg.connect(self.postgres.url) as connection:
            rows = connection.execute("SELECT wa_id FROM public.whatsapp_messages WHERE NOT from_me").fetchall()
        return [wa_id for (wa_id,) in rows]

    def told(self) -> list[str]:
        """WhatsApp's ids of the received messages in the event log, with repetitions."""
        query = "SELECT data ->> 'wa_id' FROM recado.event_log WHERE type = 'message.received'"
        with psycopg.connect(self.postgres.url) as connection:
            return [wa_id for (wa_id,) in connection.execute(query).fetchall()]


@asynccontextmanager
async def stage(
    directory: Path,
    confirm: Literal["first", "delivery"],
    *,
    program: tuple[str, ...] = ("-m", "recado"),
    **settings: str,
) -> AsyncIterator[Stage]:
    """Five paired instances on a PostgreSQL of their own that really writes to the disk."""
    options = NetworkOptions(seed=5, confirm=confirm)
    async with (
        Network(options) as network,
        embedded.serve(directory / "postgres") as postgres,
        kept_alive(postgres),
    ):
        settings = {"database_url": postgres.url} | settings
        async with product(directory, network, program=program, **settings) as running:
            phones = [network.add_phone(f"551199999000{n}") for n in range(INSTANCES)]
            for n, phone in enumerate(phones):
                await running.pair(f"loja-{n}", phone)
            yield Stage(network=network, product=running, postgres=postgres, phones=phones)


@asynccontextmanager
async def kept_alive(postgres: embedded.Server) -> AsyncIterator[None]:
    """Start it again whenever it dies, as an operating system would."""
    keeper = asyncio.create_task(postgres.run())
    try:
        yield
    finally:
        keeper.cancel()
        await asyncio.wait([keeper])


@asynccontextmanager
async def commits_held(stage: Stage) -> AsyncIterator[None]:
    """While the block runs no event can be written, so no message can be committed."""
    connection = await psycopg.AsyncConnection.connect(stage.postgres.url)
    try:
        await connection.execute("LOCK TABLE recado.event_log IN EXCLUSIVE MODE")
        yield
    finally:
        await connection.close()


async def kill(stage: Stage, victim: str) -> None:
    match victim:
        case "engine host":
            os.kill(stage.product.host_pid, signal.SIGKILL)
        case "recado":
            await stage.product.kill()
        case "postgres":
            os.kill(stage.postgres.pid, signal.SIGKILL)


async def stream_and_kill(
    stage: Stage, victims: tuple[str, ...], ripe: Callable[[Stage], Callable[[], bool]]
) -> list[str]:
    """Send the messages in as many parts as there are victims; in each, kill one while its commits are held.

    `ripe` says when: it is asked once a part, before the part is sent. Returns all ids that were sent.
    """
    parts = len(victims)
    contacts = [stage.network.add_contact(f"551188888000{n}") for n in range(INSTANCES)]
    per_phone = MESSAGES // INSTANCES
    sent: list[str] = []
    for part, victim in enumerate(victims):
        numbers = range(part * per_phone // parts, (part + 1) * per_phone // parts)
        is_ripe = ripe(stage)
        async with commits_held(stage):
            for phone, contact in zip(stage.phones, contacts, strict=True):
                prepared = contact.prepare(phone, [text_message(f"{phone} {n}") for n in numbers])
                sent += prepared.ids
                stage.network.enqueue(prepared)
            await stage.network.ledger.wait(lambda _, is_ripe=is_ripe: is_ripe(), timeout=GUARD)
            await kill(stage, victim)
        if victim == "recado":
            await stage.product.start()
    return sent


def some_are_offered(stage: Stage) -> Callable[[], bool]:
    return lambda: stage.offered() >= IN_FLIGHT


def some_are_confirmed(stage: Stage) -> Callable[[], bool]:
    before = len(stage.confirmed())
    return lambda: len(stage.confirmed()) >= before + IN_FLIGHT


@pytest.mark.parametrize("confirm", ["first", "delivery"])
async def test_what_whatsapp_holds_confirmed_is_stored_once_whatever_is_killed(tmp_path, confirm):
    async with stage(tmp_path, confirm) as here:
        sent = await stream_and_kill(here, VICTIMS, some_are_offered)
        await here.network.ledger.wait(lambda _: len(here.confirmed()) == MESSAGES, timeout=GUARD)
        assert sorted(here.confirmed()) == sorted(sent)
        assert sorted(here.stored()) == sorted(sent)
        assert sorted(here.told()) == sorted(sent)


async def test_an_adapter_that_answers_before_the_commit_is_caught(tmp_path):
    async with stage(tmp_path, "first", program=("-m", "tests.mutants.early_answer")) as here:
        await _confirms_what_it_has_not_stored(here)


async def test_a_host_that_confirms_before_the_answer_is_caught(tmp_path, early_ack_host):
    async with stage(tmp_path, "first", engine_binary=str(early_ack_host)) as here:
        await _confirms_what_it_has_not_stored(here)


async def _confirms_what_it_has_not_stored(here: Stage) -> None:
    """Of what was confirmed when Recado was killed, something never reaches the table, however long one waits."""
    sent = await stream_and_kill(here, ("recado",), some_are_confirmed)
    await here.network.ledger.wait(lambda _: len(here.confirmed()) == len(sent), timeout=GUARD)
    assert await here.product.stop() == 0
    assert set(here.confirmed()) - set(here.stored())


@pytest.fixture(scope="session")
def early_ack_host(tmp_path_factory) -> Path:
    """The engine host with the promise broken."""
    return build_mutant("early-ack", EARLY_ACK)
