"""The tests of cancelling, expiry, pauses and pace catch a product that breaks what they prove."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from recado.domain.errors import Conflict
from recado.domain.pacing import buckets_of
from recado.services.sending.paces import Paces
from recado.services.sending.pauses import Pauses
from recado.store import queue
from tests.services import test_outgoing_pace, test_outgoing_pauses, test_outgoing_times
from tests.services.post import office
from tests.stillclock import StillClock


def a_claim_that_takes_what_is_gone(patch: pytest.MonkeyPatch) -> None:
    honest = queue.claim

    async def claim(tx, message_ids, now):
        await honest(tx, message_ids, now)
        return set(message_ids)

    patch.setattr(queue, "claim", claim)


def doubt_that_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(queue, "_POSTPONE", queue._POSTPONE.replace("CASE WHEN t.is_in_doubt THEN q.tried_at END", "NULL"))


def doubt_that_never_ends(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(queue, "_POSTPONE", queue._POSTPONE.replace("CASE WHEN t.is_in_doubt THEN q.tried_at END", "now()"))


def a_pause_that_nobody_heeds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Pauses, "of", lambda self, instance_id: None)


def one_pace_for_all_instances(patch: pytest.MonkeyPatch) -> None:
    honest = Paces.__init__

    def init(self, pace, seed=None):
        honest(self, pace, seed)
        self._shared = buckets_of(pace, Random(seed))

    patch.setattr(Paces, "__init__", init)
    patch.setattr(Paces, "of", lambda self, instance_id: self._shared)


GUARD = 5.0  # seconds in which the honest product does any of them; what hangs is caught too
PACED = {"pace": test_outgoing_pace.PACE, "seed": 7}
TIMES, PAUSES, PACES = test_outgoing_times, test_outgoing_pauses, test_outgoing_pace
MUTANTS = [
    (doubt_that_is_forgotten, TIMES.test_what_may_have_gone_out_cannot_be_cancelled, {}),
    (doubt_that_never_ends, TIMES.test_what_was_certainly_not_sent_can_be_cancelled_although_it_was_tried, {}),
    (a_pause_that_nobody_heeds, PAUSES.test_a_refused_new_chat_fails_with_its_code_and_the_next_ones_wait, {}),
    (one_pace_for_all_instances, PACES.test_one_instance_waits_for_no_other, PACED),
]


@pytest.mark.parametrize(("mutant", "test", "options"), MUTANTS, ids=[mutant.__name__ for mutant, *_ in MUTANTS])
async def test_a_mutant_is_caught(db, monkeypatch, mutant, test, options):
    mutant(monkeypatch)
    with pytest.raises((AssertionError, Conflict, TimeoutError, pytest.fail.Exception)):
        async with office(db, StillClock(), **options) as at_work, asyncio.timeout(GUARD):
            await test(at_work)


async def test_a_claim_that_takes_what_was_cancelled_is_caught(db, monkeypatch):
    a_claim_that_takes_what_is_gone(monkeypatch)
    with pytest.raises(AssertionError):
        async with office(db, StillClock()) as at_work:
            await TIMES.test_what_is_cancelled_in_the_moment_before_it_is_claimed_is_not_sent(at_work, monkeypatch)
