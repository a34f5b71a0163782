"""Two Recados on one database and network: either can be asked, one runs each session, and the other takes over."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from recado_simulator import outbox
from recado_simulator.network import Network
from tests.stories.ears import received
from tests.stories.product import Product, product
from tests.waiting import until

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(240)]

LEASE = "3"


@asynccontextmanager
async def two(
    directory: Path, network: Network, database_url: str, program: tuple[str, ...] = ("-m", "recado")
) -> AsyncIterator[tuple[Product, Product]]:
    settings = {"database_url": database_url, "lease": LEASE, "health_interval": "1"}
    settings |= {"engine_keepalive_min": "0.3", "engine_keepalive_max": "0.5"}
    async with AsyncExitStack() as stack:
        begun = []
        for name in ("first", "second"):
            (directory / name).mkdir()
            begun.append(stack.enter_async_context(product(directory / name, network, program=program, **settings)))
        first, second = await asyncio.gather(*begun)
        yield first, second


@pytest.fixture
async def pair(tmp_path, network, database_url) -> AsyncIterator[tuple[Product, Product]]:
    async with two(tmp_path, network, database_url) as pair:
        yield pair


def by_lease(pair: tuple[Product, Product], sql) -> tuple[Product, Product]:
    """The one that runs the one instance, and the other."""
    [(holder,)] = sql("SELECT holder FROM recado.leases WHERE kind = 'instance' AND holder IS NOT NULL")
    first, second = pair
    return pair if str(holder) == (first.data / "worker").read_text().strip() else (second, first)


@contextmanager
def stopped(victim: Product) -> Iterator[None]:
    """The process stands still during the block; its engine host does not."""
    os.kill(victim.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(victim.pid, signal.SIGCONT)


async def test_what_runs_at_one_is_asked_of_the_other(pair, network, phone, sql):
    await pair[0].call("POST", "/v1/instances", {"instance_name": "loja"})
    await pair[0].until_state("loja", "awaiting_scan")
    _, asked = by_lease(pair, sql)

    code = await asked.call("POST", "/v1/instances/loja/pairing-code", {"phone": "+" + phone.phone})
    await phone.enter_code(code["code"])
    await asked.until_state("loja", "connected")
    assert (await asked.call("POST", "/v1/instances/loja/force-update"))["after"]["state"] == "connected"
    seen = len(await asked.steps("loja"))
    await asked.call("POST", "/v1/instances/loja/restart")
    await asked.until_step("loja", "connected", seen)
    await asked.call("POST", "/v1/instances/loja/logout")

    assert (await asked.instance("loja"))["state"] == "logged_out"
    assert not phone.account.devices
    assert network.doubles == []


async def test_one_that_stands_still_is_replaced_and_no_session_is_ever_doubled(pair, network, phone, maria, sql):
    await pair[0].pair("loja", phone)
    first, second = by_lease(pair, sql)
    with stopped(first):
        await _taken_over(sql, fence=1)
        await maria.send_text(phone, "to the second")
        assert (await received(second, 1))[0]["text"] == "to the second"
    await until(lambda: "instance.lease_lost" in first.log.read_text())
    await maria.send_text(phone, "still to the second")

    assert (await received(first, 2))[0]["text"] == "still to the second"
    await first.until_state("loja", "connected")
    [(fence,)] = sql("SELECT fence FROM recado.leases WHERE kind = 'instance'")
    assert fence >= 2  # more, if the machine stood still for longer than a lease
    assert network.doubles == []


async def test_a_host_that_keeps_a_session_for_too_long_is_caught(
    tmp_path, network, phone, database_url, sql, monkeypatch
):
    monkeypatch.setattr(outbox, "LINGER", 30)  # the network hears the older one out, however slow the machine is
    async with two(tmp_path, network, database_url, ("-m", "tests.mutants.long_sessions")) as pair:
        await pair[0].pair("loja", phone)
        first, _ = by_lease(pair, sql)
        with stopped(first):
            await _taken_over(sql, fence=1)
            await until(lambda: network.doubles)


async def _taken_over(sql, fence: int) -> None:
    await until(lambda: sql("SELECT 1 FROM recado.leases WHERE kind = 'instance' AND fence > %s", fence))
