"""The whatsmeow host keeps the contract, against the simulated network."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.engines.contract import EngineContract
from tests.engines.whatsmeow_harness import WhatsmeowHarness, whatsmeow


@pytest.mark.engine
class TestContract(EngineContract):
    @pytest.fixture
    async def harness(self, database_url: str, tmp_path) -> AsyncIterator[WhatsmeowHarness]:
        async with whatsmeow(database_url, tmp_path) as harness:
            yield harness
