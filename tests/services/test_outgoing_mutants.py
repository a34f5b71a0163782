"""The tests of sending catch a product that breaks what they prove."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from recado.clock import SystemClock
from recado.domain.errors import RecadoError
from recado.domain.turns import Turns
from recado.services.sending import intake, sender
from recado.store import queue
from tests.services import post
from tests.services import test_outgoing as tests
from tests.services import test_outgoing_asked as asked
from tests.services.post import office


def a_new_id_on_retry(patch: pytest.MonkeyPatch) -> None:
    honest = Turns.hold
    fresh = SystemClock().new_wa_id

    def hold(self, again, until, *, is_offline):
        honest(self, replace(again, wa_id=fresh()), until, is_offline=is_offline)

    patch.setattr(Turns, "hold", hold)


def a_repeat_that_is_overtaken(patch: pytest.MonkeyPatch) -> None:
    def hold(self, again, until, *, is_offline):
        self.finish(again)
        self.admit([again])

    patch.setattr(Turns, "hold", hold)


def what_was_under_way_is_forgotten_at_a_crash(patch: pytest.MonkeyPatch) -> None:
    honest = queue.claim

    async def claim(tx, message_ids, now):
        claimed = await honest(tx, message_ids, now)
        await tx.execute("DELETE FROM recado.send_queue WHERE message_id = ANY (%s)", [list(message_ids)])
        return claimed

    patch.setattr(sender.queue, "claim", claim)


def keys_that_nobody_looks_up(patch: pytest.MonkeyPatch) -> None:
    async def used_keys(tx, keys, now):
        return {}

    patch.setattr(intake.store, "used_keys", used_keys)


def a_status_that_goes_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(queue, "predecessors", lambda status: ["queued", "sending", "delivered", "read"])


def one_commit_a_request(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(intake, "BATCH", 1)


MUTANTS = [
    (a_new_id_on_retry, tests.test_a_try_without_an_answer_is_repeated_with_the_same_id),
    (a_repeat_that_is_overtaken, tests.test_nothing_of_a_chat_overtakes_a_message_that_has_to_be_repeated),
    (keys_that_nobody_looks_up, asked.test_a_key_gives_the_first_answer_again),
    (a_status_that_goes_back, tests.test_a_receipt_that_is_faster_than_the_answer_is_not_undone),
    (one_commit_a_request, asked.test_many_requests_at_once_share_their_commits),
]


@pytest.mark.parametrize(("mutant", "test"), MUTANTS, ids=[mutant.__name__ for mutant, _ in MUTANTS])
async def test_a_mutant_is_caught(db, monkeypatch, mutant, test):
    mutant(monkeypatch)
    monkeypatch.setattr(post, "GUARD", timedelta(seconds=5))
    with pytest.raises((AssertionError, RecadoError)):
        async with office(db, SystemClock()) as at_work:
            await test(at_work)


async def test_a_queue_that_forgets_at_a_crash_is_caught(db, monkeypatch):
    monkeypatch.setattr(post, "GUARD", timedelta(seconds=1))
    what_was_under_way_is_forgotten_at_a_crash(monkeypatch)
    with pytest.raises(AssertionError):
        await tests.test_what_was_under_way_at_a_crash_goes_again_with_the_same_id(db)
