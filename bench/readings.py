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


def reading(times: Sequence[float], meter: Meter) -> Reading:
    """From the moments (seconds since 1970) at which each message was done, in order; the first begins the span."""
    first, last = max(times[0], meter.begun_at), times[-1]
    cpu = meter.between(first, last)
    count = sum(at > first for at in times)
    machine = cpu.pop(MACHINE)
    total = sum(cpu.values())
    return Reading(
        rate=(len(times) - 1) / (last - times[0]),
        cpu={part: seconds / count * 1e6 for part, seconds in cpu.items()},
        share=cpu["simulator"] / total,
        others=max(0.0, machine - total) / ((last - first) * (os.cpu_count() or 1)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The median of the runs that count (of all, marked, when none does), with the lowest and highest rate.

    `turns` are all rates in the order of the runs, None where one does not count.
    """

    rate: float
    turns: Sequence[float | None]
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
        turns=[one.rate if one.counts else None for one in readings],
        low=min(rates),
        high=max(rates),
        cpu={part: median(one.cpu[part] for one in valid) for part in valid[0].cpu},
        share=median(one.share for one in valid),
        others=median(one.others for one in valid),
        runs=len(readings),
        not_counted=sum(not one.counts for one in readings),
    )


def share(figure: Figure, whole: Figure) -> float:
    """Percent of the other's rate: the median over the turns, because machines change their speed from one to the next.

    Where no turn has two runs that count, of the rates.
    """
    pairs = [(own, other) for own, other in zip(figure.turns, whole.turns, strict=True) if own and other]
    return 100 * (median(own / other for own, other in pairs) if pairs else figure.rate / whole.rate)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)]
