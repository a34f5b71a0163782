"""What every sink has to do. A test module per sink brings the fixture `bench` and inherits these tests."""

from __future__ import annotations

import asyncio
from typing import Protocol

from recado.domain.delivery import Delivered, Refused
from recado.domain.sink import Sink

from .parcels import parcel


class Bench(Protocol):
    """A sink with its receiver under the test's control."""

    sink: Sink

    async def received(self, number: int) -> list[bytes]:
        """Wait for that many bodies; all that came."""

    async def go_deaf(self) -> None:
        """From now on the receiver takes nothing, and says nothing."""


class SinkContract:
    async def test_an_event_arrives_as_its_envelope(self, bench: Bench):
        outcome = await bench.sink.deliver(parcel(1))
        assert isinstance(outcome, Delivered)
        assert await bench.received(1) == [parcel(1).body]

    async def test_events_handed_over_one_after_another_arrive_in_that_order(self, bench: Bench):
        parcels = [parcel(position) for position in (3, 1, 2)]
        for each in parcels:
            await bench.sink.deliver(each)
        assert await bench.received(3) == [each.body for each in parcels]

    async def test_the_same_event_twice_arrives_twice(self, bench: Bench):
        await bench.sink.deliver(parcel(1))
        await bench.sink.deliver(parcel(1))
        assert await bench.received(2) == [parcel(1).body] * 2

    async def test_deliveries_at_the_same_time_all_arrive(self, bench: Bench):
        parcels = [parcel(position) for position in range(1, 41)]
        await asyncio.gather(*(bench.sink.deliver(each) for each in parcels))
        assert sorted(await bench.received(40)) == sorted(each.body for each in parcels)

    async def test_a_text_of_two_million_characters_arrives_whole(self, bench: Bench):
        await bench.sink.deliver(parcel(1, text="ã" * 2_000_000))
        assert await bench.received(1) == [parcel(1, text="ã" * 2_000_000).body]

    async def test_a_receiver_that_takes_nothing_is_said_to_have_taken_nothing(self, bench: Bench):
        await bench.go_deaf()
        async with asyncio.timeout(60):
            outcomes = await asyncio.gather(*(bench.sink.deliver(parcel(position)) for position in range(1, 41)))
        assert not isinstance(outcomes[-1], Delivered)

    async def test_after_closing_it_refuses(self, bench: Bench):
        await bench.sink.close()
        assert isinstance(await bench.sink.deliver(parcel(1)), Refused)

    async def test_closing_twice_is_closing_once(self, bench: Bench):
        await bench.sink.close()
        await bench.sink.close()
        assert isinstance(await bench.sink.deliver(parcel(1)), Refused)
