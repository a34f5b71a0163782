"""What is on its way when Recado ends: an ack in time is written, the rest goes under its id at the next start."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from recado.domain.instances import Instance
from recado.domain.messages import Message
from recado.services.sending import sender
from recado.store.database import Database
from tests.engines.fake_network import Gate
from tests.services.post import Office, office
from tests.stillclock import StillClock


@contextlib.asynccontextmanager
async def ended_with_a_send_in_hand(
    db: Database, clock: StillClock, before: Callable[[Office, Gate], None] = lambda _, __: None
) -> AsyncIterator[tuple[Office, Instance, Message]]:
    """An office that was asked to end while the engine had a message; `before` may prepare that end."""
    async with contextlib.AsyncExitStack() as stack:
        async with office(db, clock, crashes=False) as post:
            instance = await post.open()
            gate = stack.enter_context(post.engine.hold("send"))
            message = await post.send(instance)
            await gate.reached(1)
            before(post, gate)
        yield post, instance, message


def answers_at_the_end(post: Office, gate: Gate) -> None:
    drain = post.outgoing._sender._drain

    async def answered() -> None:
        gate.open()
        await drain()

    post.outgoing._sender._drain = answered  # type: ignore[method-assign]


async def test_an_ack_that_comes_during_the_end_is_written(
    db: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch
):
    for patience in ("DRAINS_FOR", "_WRITES_WITHIN"):
        monkeypatch.setattr(sender, patience, timedelta(minutes=1))
    async with ended_with_a_send_in_hand(db, clock, answers_at_the_end) as (post, _, message):
        assert (await post.read(message)).status == "sent"
        assert await post.queue_length() == 0


async def test_what_nobody_answers_is_left_to_the_next_start(
    db: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sender, "DRAINS_FOR", timedelta(0))
    async with ended_with_a_send_in_hand(db, clock) as (post, instance, message):
        assert (await post.read(message)).status == "sending"
    async with office(db, clock, post.engine) as again:
        await again.connect(instance, fence=2)
        assert (await again.settled(message)).status == "sent"
    assert {outgoing.wa_id for _, outgoing in post.engine.attempts} == {message.wa_id}
