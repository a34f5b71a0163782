"""The contract catches an adapter that breaks its promises: the network is waited for, so that it is no luck."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engines.contract import EngineContract
from tests.engines.whatsmeow_harness import Recording, WhatsmeowHarness, whatsmeow
from tests.waiting import until

pytestmark = pytest.mark.engine


class AnswersEarly(Recording):
    """Says "stored" while the commit is still under way."""

    async def request(self, method: str, params: dict[str, Any]) -> Any:
        self.pending = [*getattr(self, "pending", ()), asyncio.ensure_future(super().request(method, params))]
        return {}


class SwallowsRefusals(Recording):
    """Says "stored" although it failed."""

    async def request(self, method: str, params: dict[str, Any]) -> Any:
        try:
            return await super().request(method, params)
        except Exception:
            return {}


class Patient:
    """The harness, except that the network gets as long as it takes to hear what it must not hear."""

    def __init__(self, harness: WhatsmeowHarness) -> None:
        self._harness = harness
        self.has_heard = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._harness, name)

    async def time_to_hear(self, session: str, wa_id: str) -> None:
        await until(lambda: self._harness.is_confirmed(session, wa_id))
        self.has_heard = True


async def is_caught(
    adapter: type[Recording], database_url: str, directory: Path, promise: Callable[[Any], Awaitable[None]]
) -> bool:
    async with whatsmeow(database_url, directory, adapter=adapter) as harness:
        patient = Patient(harness)
        with pytest.raises(AssertionError):
            await promise(patient)
        return patient.has_heard


async def test_an_answer_before_the_commit_is_caught(database_url, tmp_path):
    promise = EngineContract().test_a_message_is_confirmed_only_after_it_is_stored
    assert await is_caught(AnswersEarly, database_url, tmp_path, promise)


async def test_a_refusal_that_is_swallowed_is_caught(database_url, tmp_path):
    promise = EngineContract().test_a_message_that_was_not_stored_is_not_confirmed
    assert await is_caught(SwallowsRefusals, database_url, tmp_path, promise)
