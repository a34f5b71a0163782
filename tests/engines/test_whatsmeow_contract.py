"""The whatsmeow host keeps the contract, against the simulated network."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.engines.contract import EngineContract
from tests.engines.contract_sync import AppStateContract, HistoryContract, SocialContract
from tests.engines.whatsmeow_harness import WhatsmeowHarness, whatsmeow

pytestmark = pytest.mark.engine


@pytest.fixture
async def harness(database_url: str, tmp_path) -> AsyncIterator[WhatsmeowHarness]:
    async with whatsmeow(database_url, tmp_path) as harness:
        yield harness


class TestContract(EngineContract):
    pass


class TestHistory(HistoryContract):
    pass


class TestAppState(AppStateContract):
    pass


class TestSocial(SocialContract):
    pass
