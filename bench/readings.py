"""What a run has given, and how several runs of the same are one figure."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from .meter import Meter

LARGEST_SHARE: Final = 0.35
MACHINE: Final = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One run: messages a second, and of each part the µs of CPU a message.

    `share` is the simulator's of all CPU that the run took, `others` how much of the machine's CPU went to programs
    that have nothing to do with it.
    """

    rate: float
    cpu: Mapping[str, float]
    share: float
    others: float

    @property
    def counts(self) -> bool:
        return self.share <= LARGEST_SHARE


def reading(times: Sequence[float], meter: Meter, cpu_times: Sequence[float] | None = None) -> Reading:
    """The rate from when each message was done, in order; the CPU over the same span, or over that of `cpu_times`."""
    rate = (len(times) - 1) / (times[-1] - times[0])
    work = cpu_times or times
    first = max(work[0], meter.begun_at)
    cpu = meter.between(first, work[-1])
    count = sum(at > first for at in work)
    machine = cpu.pop(MACHINE)
    total = sum(cpu.values())
    return Reading(
        rate=rate,
        cpu={part: seconds / count * 1e6 for part, seconds in cpu.items()},
        share=cpu["simulator"] / total,
        others=max(0.0, machine - total) / ((work[-1] - first) * (os.cpu_count() or 1)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The median of the runs that count (of all, marked, when none does), with the lowest and highest rate."""

    rate: float
    low: float
    high: float
    cpu: Mapping[str, float]
    share: float
    others: float
    runs: int
    not_counted: int

    @property
    def counts(self) -> bool:
        return self.runs > self.not_counted

    def as_json(self) -> dict[str, Any]:
        return {
            "rate": round(self.rate, 1),
            "low": round(self.low, 1),
            "high": round(self.high, 1),
            "cpu_us": {part: round(value) for part, value in self.cpu.items()},
            "simulator_share": round(self.share, 3),
            "others_share": round(self.others, 3),
            "runs": self.runs,
            "not_counted": self.not_counted,
        }


def figure(readings: Sequence[Reading]) -> Figure:
    valid = [one for one in readings if one.counts] or readings
    rates = [one.rate for one in valid]
    return Figure(
        rate=median(rates),
        low=min(rates),
        high=max(rates),
        cpu={part: median(one.cpu[part] for one in valid) for part in valid[0].cpu},
        share=median(one.share for one in valid),
        others=median(one.others for one in valid),
        runs=len(readings),
        not_counted=sum(not one.counts for one in readings),
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)]
