"""SIGTERM, whatever is broken at that moment: what is in hand is finished, sessions are closed, all ends in good order.

An exit code of 0 says that Recado ended by itself: its last resort, after 18 s, ends it with 1.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.stories.outages import Postgres, postgres
from tests.stories.product import GUARD, product
from tests.waiting import until

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(240)]


@pytest.fixture
async def own_postgres(tmp_path: Path):
    async with postgres(tmp_path) as running:
        yield running


@pytest.fixture
async def own(tmp_path: Path, network, own_postgres: Postgres):
    """A Recado on a PostgreSQL that may be broken."""
    async with product(tmp_path, network, database_url=own_postgres.url, health_interval="1") as running:
        yield running


def is_online(phone) -> bool:
    return any(device.connection is not None for device in phone.account.devices.values())


async def test_a_send_in_hand_is_finished(recado, phone, maria, network, sql):
    await recado.pair("loja", phone)
    network.faults.delay_acks(phone, 1000)
    await send(recado, maria)

    assert await recado.stop() == 0  # it is still "sending", unless the machine stood still meanwhile

    assert sql("SELECT status FROM public.whatsapp_messages WHERE from_me")[0][0] in ("sent", "delivered")
    assert [row.copies for row in network.ledger.outbound(phone)] == [1]


async def test_with_a_host_that_stands_still_and_a_send_in_hand(recado, phone, maria, network, sql):
    await recado.pair("loja", phone)
    network.faults.withhold_acks(phone)
    sent = await send(recado, maria)
    host = recado.host_pid
    os.kill(host, signal.SIGSTOP)

    assert await recado.stop() == 0

    told = sql("SELECT state, status, reason FROM public.whatsapp_instances")
    assert told == [("reconnecting", "disconnected", "recado_stopped")]
    assert not os.path.exists(f"/proc/{host}")  # noqa: ASYNC240  # it does not block
    network.faults.clear()
    await recado.start()
    await until(
        lambda: sql("SELECT 1 FROM public.whatsapp_messages WHERE status IN ('sent', 'delivered')"), guard=GUARD
    )
    assert [message.id for message in maria.inbox] == [sent["wa_id"]]


async def test_with_a_database_that_is_dead_and_with_one_that_stands_still(own, own_postgres, phone, maria, network):
    await own.pair("loja", phone)
    own_postgres.kill()
    wa_id = await maria.send_text(phone, "while it is dead")

    assert await own.stop() == 0

    assert not is_online(phone)
    assert network.ledger.row(phone, wa_id).confirmed_at is None
    own_postgres.come_back()
    await own.start()
    await network.ledger.wait(lambda ledger: ledger.row(phone, wa_id).confirmed_at, timeout=GUARD)
    with own_postgres.still():
        assert await own.stop() == 0

        assert not is_online(phone)
    assert network.doubles == []


async def send(recado, maria) -> dict[str, Any]:
    """A message that has reached its reader, and of which Recado has not heard yet."""
    sent = await recado.call("POST", "/v1/instances/loja/messages", {"to": "+" + maria.phone, "text": "on its way"})
    await maria.wait_text("on its way", timeout=GUARD)
    return sent
