"""How much is done in a run of the bench, and what is aimed at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Counts of messages, and `chats` of what is received, are for the whole run, not a session.

    `many` is the few and the many of the crowd; `known_chats` are those of a session that is written to or trickles.
    """

    repeats: int = 3
    received_one: int = 1200
    received_all: int = 6000
    sent_one: int = 600
    sent_all: int = 1500
    steady_seconds: int = 20
    sessions: int = 20
    many: tuple[int, int] = (50, 200)
    thousand: int = 1_000
    chats: int = 50
    known_chats: int = 5
    at_once: int = 32
    delivered: int = 20_000
    backlog: int = 100_000
    searched: int = 1_000_000
    searches: int = 50
    written: int = 10_000
    past: int = 50_000


QUICK = Plan(
    delivered=5_000,
    backlog=20_000,
    repeats=1,
    received_one=400,
    received_all=2000,
    sent_one=200,
    sent_all=600,
    steady_seconds=6,
    many=(20, 50),
    thousand=100,
    known_chats=2,
    searched=200_000,
    searches=20,
    written=4_000,
    past=10_000,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A figure beside what it should be: at least or at most `wanted`."""

    name: str
    value: float
    wanted: float
    unit: str
    at_least: bool

    @property
    def is_met(self) -> bool:
        return self.value >= self.wanted if self.at_least else self.value <= self.wanted

    def __str__(self) -> str:
        sign = "✓" if self.is_met else "✗"
        limit = "≥" if self.at_least else "≤"
        digits = 0 if abs(self.wanted) >= 10 else 2
        return f"{sign} {self.name}: {self.value:,.{digits}f} {self.unit} (aim {limit} {self.wanted:g} {self.unit})"
