"""A client that is connected right now."""

from __future__ import annotations

import pytest

from recado.domain.delivery import Delivered, Refused
from recado.domain.sink import Dropped
from recado.sinks.live import LiveSink

from .parcels import parcel


async def test_a_slow_client_is_dropped_with_a_reason():
    sink = LiveSink(limit=2)
    outcomes = [await sink.deliver(parcel(position)) for position in (1, 2, 3)]
    assert [type(outcome) for outcome in outcomes] == [Delivered, Delivered, Refused]
    with pytest.raises(Dropped) as end:
        await anext(sink.parcels())
    assert end.value.code == "stream_too_slow"


async def test_a_client_whose_events_are_large_is_dropped_by_their_size():
    sink = LiveSink(most_bytes=3 * len(parcel(1, text="a" * 1000).body))
    outcomes = [await sink.deliver(parcel(position, text="a" * 1000)) for position in range(1, 6)]
    assert [type(outcome) for outcome in outcomes] == [Delivered] * 3 + [Refused] * 2


async def test_an_event_alone_may_be_larger_than_the_buffer():
    sink = LiveSink(most_bytes=10)
    assert await sink.deliver(parcel(1)) == Delivered()
    assert (await anext(sink.parcels())) == parcel(1)


async def test_a_client_that_reads_is_never_dropped():
    sink = LiveSink(limit=2)
    reading = sink.parcels()
    seen = []
    for position in range(1, 10):
        await sink.deliver(parcel(position))
        seen.append((await anext(reading)).event.position)
    assert seen == list(range(1, 10))


async def test_the_first_reason_for_the_end_stays():
    sink = LiveSink()
    sink.drop("key_revoked", "The key was revoked.")
    await sink.close()
    with pytest.raises(Dropped) as end:
        await anext(sink.parcels())
    assert end.value.code == "key_revoked"
