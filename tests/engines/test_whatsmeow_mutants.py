"""The contract catches an adapter that breaks its promises."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.engines.contract import EngineContract
from tests.engines.whatsmeow_harness import Recording, whatsmeow

pytestmark = pytest.mark.engine


class AnswersEarly(Recording):
    """Says "stored" while the commit is still under way."""

    async def request(self, method: str, params: dict[str, Any]) -> Any:
        self.pending = [*getattr(self, "pending", ()), asyncio.ensure_future(super().request(method, params))]
        return {}


async def test_an_answer_before_the_commit_is_caught(database_url, tmp_path):
    async with whatsmeow(database_url, tmp_path, adapter=AnswersEarly) as harness:
        with pytest.raises(AssertionError):
            await EngineContract().test_a_message_is_confirmed_only_after_it_is_stored(harness)
