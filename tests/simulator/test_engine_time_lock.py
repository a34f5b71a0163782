"""The time lock as the real engine tells it: a notice with the end, and 463 for new chats."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from recado.domain import pauses
from recado.domain.engine import EngineError, Notice
from tests.engines.contract import text_to
from tests.engines.harness import link
from tests.engines.whatsmeow_harness import WhatsmeowHarness, whatsmeow

pytestmark = pytest.mark.engine


@pytest.fixture
async def harness(database_url, tmp_path) -> AsyncIterator[WhatsmeowHarness]:
    async with whatsmeow(database_url, tmp_path) as harness:
        await link(harness, "s1")
        yield harness


async def lock_notice(harness: WhatsmeowHarness, count: int = 1) -> Notice:
    def heard() -> list[Notice]:
        return [one for one in harness.listener.heard if isinstance(one, Notice) and one.name == pauses.NOTICE]

    await harness.listener.until(lambda: len(heard()) >= count)
    return heard()[-1]


async def test_the_notice_says_until_when_and_that_it_is_over(harness):
    network, phone = harness.network, harness.phone("s1")
    now = datetime.now(UTC)
    before = int(network.now())
    network.faults.time_lock(phone, 600)
    after = int(network.now())
    told = pauses.end_told_by(await lock_notice(harness), now)
    assert told is not None
    assert before + 600 <= told.timestamp() <= after + 600
    network.faults.time_lock(phone, 0)
    assert pauses.end_told_by(await lock_notice(harness, count=2), now) == now


async def test_a_new_chat_is_refused_with_463_and_an_answer_goes_through(harness):
    network, phone, maria = harness.network, harness.phone("s1"), harness.contact
    joao = network.add_contact("5511977776666", name="João")
    await maria.send_text(phone, "Oi")
    await harness.listener.until(lambda: any(getattr(one, "text", None) == "Oi" for one in harness.listener.heard))
    network.faults.time_lock(phone, is_told=False)
    with pytest.raises(EngineError) as caught:
        await harness.engine.send("s1", 1, text_to(joao.phone, "3EB0NEW"))
    assert (caught.value.kind, caught.value.server_code, caught.value.is_uncertain) == ("server", 463, False)
    await harness.engine.send("s1", 1, text_to(maria.phone, "3EB0KNOWN"))
    await maria.wait_text()
