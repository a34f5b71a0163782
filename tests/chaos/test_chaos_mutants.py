"""The storm's judges catch a product that breaks a promise: the blow holds the very moment open in which it must."""

from __future__ import annotations

import pytest

from tests.chaos.plan import only
from tests.chaos.stage import stage
from tests.chaos.storm import Storm

pytestmark = [pytest.mark.story, pytest.mark.engine]


async def caught(directory, database_url: str, mutant: str, blow: str, *, workers: int, **changes: str) -> list[str]:
    """What the judges said first, at a storm of one blow on two instances."""
    plan = only(blow)
    program = ("-m", f"tests.mutants.{mutant}")
    async with stage(directory, plan, workers=workers, database_url=database_url, program=program, **changes) as here:
        return await Storm(here, plan).until_caught()


async def test_fences_that_are_off_are_caught(tmp_path, database_url):
    """Gate: a worker is stopped until the other one has all that it had, and its own engine host runs on."""
    blow = "worker stopped beyond its lease"
    found = await caught(tmp_path, database_url, "no_fences", blow, workers=2, lease="3")
    assert any("was connected twice at once" in offence for offence in found)


async def test_a_cursor_that_moves_before_the_answer_is_caught(tmp_path, database_url):
    """Gate: a receiver holds one answer back until the product has settled a later delivery."""
    blow = "killed with a delivery unanswered"
    found = await caught(tmp_path, database_url, "early_cursor", blow, workers=1)
    assert any("will never get" in offence for offence in found)


async def test_a_new_id_for_a_repeat_is_caught(tmp_path, database_url):
    """Gate: the message is with its reader and its ack is held back until the engine host is killed."""
    blow = "killed with a send unanswered"
    found = await caught(tmp_path, database_url, "new_send_id", blow, workers=1)
    assert any("came as" in offence for offence in found)
