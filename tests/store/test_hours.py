"""Messages counted by the hour, in an instance with a million of them: what is read, never times."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from recado.domain.figures import hour_of
from recado.store import hours
from recado.store.database import Database, Tx
from tests.plans import Watched

pytestmark = pytest.mark.timeout(600)  # the first one may have to make the database
USED = datetime(2023, 11, 14, 23, tzinfo=UTC)
"""One of the hours that have a message each minute."""


@pytest.fixture
async def tx(million_url: str) -> AsyncIterator[Watched]:
    async with Database.open(million_url) as database, database.transaction() as tx:
        yield Watched(tx, [])


def blocks(tx: Watched) -> int:
    return sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in tx.plans)


def scans(plan: dict[str, Any]) -> set[str]:
    """How messages were looked for."""
    own = {f"{plan['Node Type']} {plan.get('Index Name', '')}"} if plan.get("Relation Name") == MESSAGES else set()
    return own.union(*(scans(part) for part in plan.get("Plans", [])))


MESSAGES = "whatsapp_messages"


async def test_hours_in_which_nothing_came_read_no_message(tx: Watched):
    now = hour_of(datetime.now(UTC))
    found, is_cut = await hours.uncounted(cast(Tx, tx), [now, now - timedelta(hours=1)], None)
    assert (sum(hour.incoming + hour.outgoing for hour in found), is_cut) == (0, False)
    assert blocks(tx) < 60


async def test_an_hour_is_counted_from_its_messages_alone(tx: Watched, monkeypatch: pytest.MonkeyPatch):
    [hour], is_cut = await hours.uncounted(cast(Tx, tx), [USED], None)
    assert (hour.incoming + hour.outgoing, is_cut) == (60, False)
    assert blocks(tx) < 200
    monkeypatch.setattr(hours, "MOST", 10)
    [few], is_cut = await hours.uncounted(cast(Tx, tx), [USED], None)
    assert (few.incoming + few.outgoing, is_cut) == (10, True)


async def test_the_next_hour_with_messages_is_found_through_the_index(tx: Watched):
    assert await hours.next_used(cast(Tx, tx), USED) == USED
    assert await hours.next_used(cast(Tx, tx), hour_of(datetime.now(UTC))) is None
    assert set.union(*map(scans, tx.plans)) == {"Index Only Scan whatsapp_messages_recent"}
    assert blocks(tx) < 60
