"""The behaviour that all sinks share: webhook, live stream, and the fake that other tests use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from recado.clock import SystemClock
from recado.domain.delivery import Failed
from recado.domain.signature import secret_from
from recado.domain.webhooks import Target
from recado.sinks.guard import Guard
from recado.sinks.live import LiveSink
from recado.sinks.names import system_lookup
from recado.sinks.webhook import WebhookClient

from .contract import SinkContract
from .fake import FakeSink
from .receiver import Receiver, receiving

SOON, LONG = timedelta(milliseconds=300), timedelta(seconds=60)


class WebhookBench:
    def __init__(self, sink, impatient, receiver: Receiver) -> None:
        self.sink = sink
        self._impatient = impatient
        self._receiver = receiver

    async def received(self, number: int) -> list[bytes]:
        return [each.body for each in await self._receiver.count(number)]

    async def go_deaf(self) -> None:
        self._receiver.answer = self._receiver.silence
        self.sink = self._impatient


class LiveBench:
    def __init__(self) -> None:
        self.sink = LiveSink(limit=40)
        self._bodies: list[bytes] = []

    async def received(self, number: int) -> list[bytes]:
        async for parcel in self.sink.parcels():
            self._bodies.append(parcel.body)
            if len(self._bodies) == number:
                break
        return self._bodies

    async def go_deaf(self) -> None:
        self.sink = LiveSink(limit=3)


class FakeBench:
    def __init__(self) -> None:
        self.sink = FakeSink()

    async def received(self, number: int) -> list[bytes]:
        await self.sink.until(lambda: len(self.sink.taken) >= number)
        return [each.body for each in self.sink.taken]

    async def go_deaf(self) -> None:
        async def refuse(_):
            return Failed(error="deaf")

        self.sink.answer = refuse


class TestWebhookSink(SinkContract):
    @pytest.fixture
    async def bench(self) -> AsyncIterator[WebhookBench]:
        guard, clock = Guard(["127.0.0.1"], system_lookup), SystemClock()
        async with (
            receiving() as receiver,
            WebhookClient.open(guard, system_lookup, clock, connect_within=LONG, answer_within=LONG) as client,
            WebhookClient.open(guard, system_lookup, clock, answer_within=SOON) as impatient,
        ):
            target = Target(url=receiver.url, secrets=(secret_from(b"s" * 32),))
            yield WebhookBench(client.sink(target), impatient.sink(target), receiver)


class TestLiveSink(SinkContract):
    @pytest.fixture
    def bench(self) -> LiveBench:
        return LiveBench()


class TestFakeSink(SinkContract):
    @pytest.fixture
    def bench(self) -> FakeBench:
        return FakeBench()
