"""Everything that one run of the bench has found, and how far the aims are met."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from .plan import Aim, Plan
from .readings import Figure, share
from .scenarios import Crowd, Latency

ENGINE, RECADO, WEBHOOK = "engine", "recado", "recado+webhook"


@dataclass(slots=True, kw_only=True)
class Results:
    """`received` and `sent` by (subject, sessions); `steady` by subject; `crowds` by (subject, sessions)."""

    plan: Plan
    received: dict[tuple[str, int], Figure] = field(default_factory=dict)
    sent: dict[tuple[str, int], Figure] = field(default_factory=dict)
    steady: dict[str, Latency] = field(default_factory=dict)
    crowds: dict[tuple[str, int], Crowd] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        return bool(self.received and self.sent and self.steady and self.crowds)

    def slope(self, subject: str) -> float:
        """MB a session between the few and the many."""
        few, many = (self.crowds[subject, size] for size in self.plan.many)
        fewer, more = self.plan.many
        return (sum(many.memory.values()) - sum(few.memory.values())) / (more - fewer)

    def base(self, subject: str) -> float:
        """MB that are there without a session, by the same line."""
        few = self.plan.many[0]
        return sum(self.crowds[subject, few].memory.values()) - few * self.slope(subject)

    def share_of_engine(self, subject: str, sessions: int) -> float:
        """Percent of the bare engine's rate of receiving."""
        return share(self.received[subject, sessions], self.received[ENGINE, sessions])

    def aims(self) -> list[Aim]:
        all_, many = self.plan.sessions, self.plan.many[1]
        return [
            _least(f"committed, {all_} sessions, of the engine alone", self.share_of_engine(RECADO, all_), 80, "%"),
            _least("committed, 1 session, of the engine alone", self.share_of_engine(RECADO, 1), 60, "%"),
            _least(f"with webhook, {all_} sessions, of the engine alone", self.share_of_engine(WEBHOOK, all_), 60, "%"),
            _most("CPU of Python, with webhook", self.received[WEBHOOK, all_].cpu["python"], 550, "µs a message"),
            _most("memory", self.slope(WEBHOOK), 0.5, "MB a session"),
            _most(f"{many} sessions back after a restart", self.crowds[WEBHOOK, many].back, 3, "s"),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "received": {_key(*key): figure.as_json() for key, figure in self.received.items()},
            "sent": {_key(*key): figure.as_json() for key, figure in self.sent.items()},
            "steady_ms": {
                subject: {"confirmed": one.confirmed, "delivered": one.delivered, "cpu_us": dict(one.reading.cpu)}
                for subject, one in self.steady.items()
            },
            "crowds": {_key(*key): {"back_s": one.back, "memory_mb": one.memory} for key, one in self.crowds.items()},
            "aims": [{**asdict(aim), "is_met": aim.is_met} for aim in self.aims()],
        }


def _least(name: str, value: float, wanted: float, unit: str) -> Aim:
    return Aim(name=name, value=value, wanted=wanted, unit=unit, at_least=True)


def _most(name: str, value: float, wanted: float, unit: str) -> Aim:
    return Aim(name=name, value=value, wanted=wanted, unit=unit, at_least=False)


def _key(subject: str, sessions: int) -> str:
    return f"{subject}/{sessions}"
