"""The geometry of the charts: what a template draws as SVG, in units of its own, without a number to work out there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from recado.domain.figures import Flow, Hour

from .look import Look

HEIGHT: Final = 160
SLOT: Final = 20
_BAR: Final = 7
_GAP: Final = 2
_STEPS: Final = (1, 2, 4, 5, 10)
_MARKS: Final = {"day": 4, "month": 5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """`kind` is its class. All numbers are units of the chart's view box, y from the top."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The bars of one hour or day. `label` names it, `mark` stands under it, empty under most."""

    x: int
    label: str
    mark: str
    incoming: str
    outgoing: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowChart:
    """`ticks` are the numbers of the lines across, from the top."""

    width: int
    height: int
    ticks: Sequence[str]
    lines: Sequence[float]
    groups: Sequence[Group]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of a bar that is a whole; x and width in hundredths."""

    kind: str
    x: float
    width: float


def flow_chart(flow: Flow, look: Look, now: datetime) -> FlowChart:
    """Two bars for each hour or day, as high as its messages."""
    highest = max((max(one.incoming, one.outgoing) for one in flow.buckets), default=0)
    top = ceiling(highest)
    return FlowChart(
        width=SLOT * len(flow.buckets),
        height=HEIGHT,
        ticks=[look.number(value) for value in (top, top // 2, 0)],
        lines=[0.5, HEIGHT / 2, HEIGHT - 0.5],
        groups=[_group(n, one, flow, look, now, top) for n, one in enumerate(flow.buckets)],
    )


def ceiling(highest: int) -> int:
    """The least round number that the highest bar fits under, even, 4 at least."""
    size = 1
    while True:
        for step in _STEPS:
            if step * size >= max(highest, 4) and (step * size) % 2 == 0:
                return step * size
        size *= 10


def shares(counts: Sequence[tuple[str, int]]) -> list[Share]:
    """Parts beside each other, as wide as their counts; those of nothing are left out."""
    whole = sum(count for _, count in counts)
    found, at = [], 0.0
    for kind, count in counts:
        if count:
            width = 100 * count / whole
            found.append(Share(kind=kind, x=round(at, 3), width=round(width, 3)))
            at += width
    return found


def _group(n: int, bucket: Hour, flow: Flow, look: Look, now: datetime, top: int) -> Group:
    x = n * SLOT
    left = x + (SLOT - 2 * _BAR - _GAP) / 2
    bars = [_bar("in", left, bucket.incoming, top), _bar("out", left + _BAR + _GAP, bucket.outgoing, top)]
    name = _name(bucket, flow, look, now)
    is_marked = (len(flow.buckets) - 1 - n) % _MARKS[flow.span] == 0
    return Group(
        x=x,
        label=name,
        mark=_mark(bucket, flow, look) if is_marked else "",
        incoming=look.number(bucket.incoming),
        outgoing=look.number(bucket.outgoing),
        bars=[bar for bar in bars if bar.height],
    )


def _bar(kind: str, x: float, count: int, top: int) -> Bar:
    """One message is still seen among very many."""
    height = max(2.0, round(HEIGHT * count / top, 1)) if count else 0.0
    return Bar(kind=kind, x=x, y=round(HEIGHT - height, 1), width=_BAR, height=height)


def _name(bucket: Hour, flow: Flow, look: Look, now: datetime) -> str:
    if flow.span == "month":
        return look.day(bucket.begin, now)
    return f"{look.day(bucket.begin, now)}, {look.clock(bucket.begin)}"


def _mark(bucket: Hour, flow: Flow, look: Look) -> str:
    return look.clock(bucket.begin) if flow.span == "day" else look.date(bucket.begin)
