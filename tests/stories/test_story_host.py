"""The engine host fails, by itself or because of one session: it is replaced, and the others go on."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engines.mutant import FALLS_FOR_ONE, build_mutant
from tests.stories.product import GUARD, Product, product

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(240)]


@pytest.fixture(scope="session")
def falling_host(tmp_path_factory) -> Path:
    """An engine host that panics whenever it opens a session that is marked in its exchange directory."""
    return build_mutant("falls-for-one", FALLS_FOR_ONE)


@pytest.fixture
async def hurried(tmp_path, network, database_url, falling_host) -> AsyncIterator[Product]:
    """A Recado that waits for an answer of its host for three seconds; its host falls where it is told to."""
    settings = {"engine_patience": "3", "lease": "6", "health_interval": "1", "engine_binary": str(falling_host)}
    async with product(tmp_path, network, database_url=database_url, **settings) as running:
        yield running


async def test_a_host_that_stands_still_is_noticed_killed_and_replaced(hurried, network, phone, maria):
    await hurried.pair("loja", phone)
    seen, dead = len(await hurried.steps("loja")), hurried.host_pid
    os.kill(dead, signal.SIGSTOP)
    wa_id = await maria.send_text(phone, "to the next one")

    await network.ledger.wait(lambda ledger: ledger.row(phone, wa_id).confirmed_at, timeout=GUARD)

    await hurried.until_step("loja", "connected", seen)
    assert hurried.host_pid != dead
    assert not os.path.exists(f"/proc/{dead}")  # noqa: ASYNC240  # it does not block
    assert network.doubles == []


async def test_a_session_that_brings_the_host_down_twice_is_left_out_and_the_others_go_on(hurried, network, maria):
    phones = {name: network.add_phone(f"551199999000{n}") for n, name in enumerate(("ruim", "boa", "outra"), 1)}
    for name, phone in phones.items():
        await hurried.pair(name, phone)
    bad = await hurried.instance("ruim")
    mark = hurried.data / "exchange" / f"falls-{bad['id']}"
    mark.touch()
    await hurried.call("POST", "/v1/instances/ruim/restart")

    left_out = await hurried.until_state("ruim", "failed")

    assert (left_out["reason"], left_out["user_action"]) == ("brings_engine_down", "start")
    assert left_out["phone_number"] == phones["ruim"].phone
    for name in ("boa", "outra"):
        wa_id = await maria.send_text(phones[name], "and the others?")
        await network.ledger.wait(lambda ledger, name=name, id=wa_id: ledger.row(phones[name], id).confirmed_at, GUARD)
        await hurried.until_state(name, "connected")
    told = await hurried.call("GET", "/v1/instances/ruim/timeline")
    assert told["items"][0]["sentence"].startswith("This instance has brought the engine down twice.")
    mark.unlink()
    await hurried.call("POST", "/v1/instances/ruim/start")
    await hurried.until_state("ruim", "connected")
    assert network.doubles == []
