"""The database is dead or stands still: sessions are closed, nothing is confirmed, and all of it comes later."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from recado.domain.errors import RecadoError
from tests.stories.outages import postgres
from tests.stories.product import GUARD, product
from tests.waiting import until

pytestmark = [pytest.mark.story, pytest.mark.engine, pytest.mark.timeout(240)]

LEASE = "3"
"""Seconds: what takes half a minute otherwise."""


def is_online(phone) -> bool:
    return any(device.connection is not None for device in phone.account.devices.values())


def stored(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        query = "SELECT text FROM public.whatsapp_messages WHERE NOT from_me ORDER BY sent_at, tiebreak"
        return [text for (text,) in connection.execute(query).fetchall()]


async def test_while_it_stands_still_and_after_it_was_killed_nothing_is_confirmed_and_nothing_is_lost(
    tmp_path: Path, network, phone, maria
):
    settings = {"lease": LEASE, "health_interval": "1"}
    async with postgres(tmp_path) as own, product(tmp_path, network, database_url=own.url, **settings) as recado:
        await recado.pair("loja", phone)
        with own.still():
            await maria.send_text(phone, "1: it stands still")
            await until(lambda: not is_online(phone), guard=GUARD)
            await maria.send_text(phone, "2: nobody is there")
            with pytest.raises(RecadoError, match="database"):
                await recado.call("GET", "/readyz")
            assert network.ledger.confirmed(phone) == []
        await network.ledger.wait(lambda ledger: len(ledger.confirmed(phone)) == 2, timeout=GUARD)
        await recado.until_state("loja", "connected")

        own.kill()
        await maria.send_text(phone, "3: it is dead")
        await until(lambda: not is_online(phone), guard=GUARD)
        await maria.send_text(phone, "4: nobody is there")
        assert len(network.ledger.confirmed(phone)) == 2
        own.come_back()
        await network.ledger.wait(lambda ledger: len(ledger.confirmed(phone)) == 4, timeout=GUARD)
        await recado.until_state("loja", "connected")

        assert [text[0] for text in stored(own.url)] == ["1", "2", "3", "4"]
        told = await recado.call("GET", "/v1/instances/loja/timeline")
        assert "storage_down" in [entry["code"] for entry in told["items"]]
        assert network.doubles == []
