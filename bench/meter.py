"""A meter: how much CPU each part has used, at any moment of a run."""

from __future__ import annotations

import asyncio
import bisect
import time
from collections.abc import Callable, Mapping
from typing import Final

EVERY: Final = 0.1  # seconds
Gauge = Callable[[], float]


class Meter:
    """Reads its gauges ten times a second, so that the span of the work can be chosen after it."""

    def __init__(self, gauges: Mapping[str, Gauge]) -> None:
        self._gauges = gauges
        self._times: list[float] = []
        self._readings: dict[str, list[float]] = {part: [] for part in gauges}

    @property
    def begun_at(self) -> float:
        """The first reading's moment."""
        return self._times[0]

    async def run(self) -> None:
        while True:
            self.read()
            await asyncio.sleep(EVERY)

    def read(self) -> None:
        self._times.append(time.time())
        for part, gauge in self._gauges.items():
            self._readings[part].append(gauge())

    def between(self, first: float, last: float) -> dict[str, float]:
        """Seconds of CPU of each part between two moments (seconds since 1970)."""
        return {part: self._at(part, last) - self._at(part, first) for part in self._gauges}

    def _at(self, part: str, moment: float) -> float:
        """Between two readings the line through them."""
        times, values = self._times, self._readings[part]
        after = min(max(bisect.bisect(times, moment), 1), len(times) - 1)
        before = after - 1
        share = (moment - times[before]) / (times[after] - times[before])
        return values[before] + min(max(share, 0.0), 1.0) * (values[after] - values[before])
