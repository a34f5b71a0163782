"""Whatever happens, in any order: each accepted message goes once by its id, in order, or is told why it did not."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from recado.domain.engine import EngineError
from recado.domain.errors import Conflict
from recado.domain.messages import Message
from recado.store.database import Database
from tests.services.post import Office, office
from tests.stillclock import StillClock
from tests.waiting import until

SECOND = timedelta(seconds=1)
ENDED = frozenset({"sent", "failed", "cancelled"})
OUTCOMES: dict[str, EngineError | None] = {
    "ack": None,
    "lost ack": EngineError("timeout", "no answer", may_retry=True, is_uncertain=True),
    "host lost": EngineError("host_down", "gone", may_retry=True, is_uncertain=True),
    "not connected": EngineError("not_connected", "no", may_retry=True),
    "busy": EngineError("server", "busy", server_code=503),
    "refusal": EngineError("server", "no", server_code=479),
}
STEPS = st.one_of(
    st.tuples(st.just("accept"), st.integers(0, 2)),
    st.tuples(st.just("outcome"), st.sampled_from(sorted(OUTCOMES))),
    st.tuples(st.just("cancel"), st.integers(0, 20)),
    st.tuples(st.just("crash"), st.just(0)),
    st.tuples(st.just("line"), st.booleans()),
    st.tuples(st.just("time"), st.integers(1, 90)),
    st.tuples(st.just("settle"), st.just(0)),
)


@dataclass
class Story:
    """What was asked for, and what was answered to that."""

    database: Database
    clock: StillClock
    accepted: list[tuple[int, Message]] = field(default_factory=list)
    cancelled: set[UUID] = field(default_factory=set)
    is_connected: bool = True

    async def tell(self, steps: list[tuple[str, Any]]) -> Office:
        """Crashes cut it into parts; the last part ends when nothing waits any more."""
        engine = instance = None
        parts: list[list[tuple[str, Any]]] = [[]]
        for step in steps:
            parts.append([]) if step[0] == "crash" else parts[-1].append(step)
        for place, part in enumerate(parts):
            async with office(self.database, self.clock, engine) as post:
                engine = post.engine
                instance = instance or await post.open(f"i{self.clock.new_id()}")
                if self.is_connected:
                    await post.connect(instance)
                for name, value in part:
                    await self._do(post, instance, name, value)
                if place == len(parts) - 1:
                    await self._end(post, instance)
        return post

    async def _do(self, post: Office, instance: Any, name: str, value: Any) -> None:
        match name:
            case "accept":
                to = f"55119{value:08}@s.whatsapp.net"
                self.accepted.append((value, await post.send(instance, f"{len(self.accepted)}", to=to)))
            case "outcome":
                post.engine.script("send", OUTCOMES[value])
            case "cancel" if self.accepted:
                _, message = self.accepted[value % len(self.accepted)]
                with contextlib.suppress(Conflict):
                    await post.outgoing.cancel(instance, message)
                    self.cancelled.add(message.id)
            case "line" if value != self.is_connected:
                self.is_connected = value
                await (post.connect(instance) if value else self._cut(post, instance))
            case "time":
                self.clock.advance(value * SECOND)
            case "settle":
                await asyncio.sleep(0.02)

    async def _cut(self, post: Office, instance: Any) -> None:
        post.disconnect(instance)

    async def _end(self, post: Office, instance: Any) -> None:
        post.engine._scripts.clear()
        if not self.is_connected:
            await post.connect(instance)

        async def is_empty() -> bool:
            self.clock.advance(30 * SECOND)
            return await post.queue_length() == 0

        await until(is_empty)


def test_each_accepted_message_goes_once_and_in_order_or_is_told_why_not(database_url: str):
    seeds = count()

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(STEPS, min_size=3, max_size=25))
    def always(steps: list[tuple[str, Any]]) -> None:
        note(f"{steps}")
        asyncio.run(example(steps))

    async def example(steps: list[tuple[str, Any]]) -> None:
        async with Database.open(database_url) as database:
            story = Story(database, StillClock(seed=next(seeds)))
            post = await story.tell(steps)
            await judge(story, post)

    always()


async def judge(story: Story, post: Office) -> None:
    reached = [outgoing.wa_id for _, outgoing in post.engine.attempts]
    sent: dict[int, list[str]] = {}
    for chat, message in story.accepted:
        now = await post.read(message)
        assert now.status in ENDED
        assert now.wa_id == message.wa_id
        assert (now.status == "cancelled") == (message.id in story.cancelled)
        assert (message.wa_id in reached) or now.status != "sent"
        assert (message.wa_id not in reached) or now.status != "cancelled"
        if message.wa_id in reached:
            sent.setdefault(chat, []).append(message.wa_id)
    assert set(reached) <= {message.wa_id for _, message in story.accepted}
    for wa_ids in sent.values():
        first = [wa_id for wa_id in dict.fromkeys(reached) if wa_id in wa_ids]
        assert first == wa_ids
