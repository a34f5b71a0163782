"""Observations and signals to begin from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from recado.domain.engine import Probe, Signal, Snapshot
from recado.domain.states import WAITING, Observed, State

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def observed(state: State = "connected", **changes: object) -> Observed:
    seen = Observed(state=state, since=NOW - timedelta(seconds=10), heeded_at=NOW - timedelta(seconds=10))
    if state in WAITING:
        seen = replace(seen, deadline=NOW + SECOND, next_at=NOW + SECOND)
    return replace(seen, **changes)  # type: ignore[arg-type]


def signal(type: str, **data: object) -> Signal:
    return Signal(session="s", fence=1, type=type, at=NOW, data=dict(data))


def probe(round_trip_ms: float = 5, oldest_unanswered_ms: int = 0) -> Probe:
    return Probe(round_trip_ms=round_trip_ms, queue=0, unanswered=0, oldest_unanswered_ms=oldest_unanswered_ms)


def snapshot(state: str) -> Snapshot:
    return Snapshot(session="s", fence=1, state=state, device=None, queue=0, unanswered=0, oldest_unanswered_ms=0)  # type: ignore[arg-type]
