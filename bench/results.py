"""Everything that one run of the bench has found, and how far the aims are met."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from .deliver import Delivery
from .past import Past
from .plan import Aim, Plan
from .readings import Figure, share
from .scenarios import Crowd, Latency
from .search import Searched
from .weight import Weight

ENGINE, RECADO, WEBHOOK = "engine", "recado", "recado+webhook"


@dataclass(slots=True, kw_only=True)
class Results:
    """`received` and `sent` by (subject, sessions); `steady` by subject; `crowds` by (subject, sessions)."""

    plan: Plan
    received: dict[tuple[str, int], Figure] = field(default_factory=dict)
    sent: dict[tuple[str, int], Figure] = field(default_factory=dict)
    steady: dict[str, Latency] = field(default_factory=dict)
    crowds: dict[tuple[str, int], Crowd] = field(default_factory=dict)
    searched: Searched | None = None
    past: Past | None = None
    delivered: dict[str, Delivery] = field(default_factory=dict)
    weight: Weight | None = None
    thousand: Crowd | None = None

    @property
    def is_complete(self) -> bool:
        heard = self.received and self.sent and self.steady and self.delivered
        kept = self.searched and self.past and self.weight and self.thousand
        return bool(heard and self.crowds and kept)

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
            *(self.past_aims(self.past) if self.past is not None else ()),
            *self.delivery_aims(),
            *self.thousand_aims(),
        ]

    def thousand_aims(self) -> list[Aim]:
        if self.thousand is None:
            return []
        return [_most(f"{self.plan.thousand} sessions back after a restart", self.thousand.back, 15, "s")]

    def delivery_aims(self) -> list[Aim]:
        """What others do on the machine makes all of it dearer: the best of the runs says what the program costs."""
        if not self.delivered:
            return []
        one, *_ = self.delivered.values()
        alone, beside = self.delivered["49 webhooks"], self.delivered["49 webhooks and a dead one"]
        return [
            _least("delivered to one webhook, fastest run", one.fastest, 4000, "a second"),
            _most("CPU of Python, cheapest run", one.least_python, 220, "µs a delivery"),
            _most("CPU that a dead webhook adds, cheapest runs", _more(beside, alone), 10, "%"),
        ]

    def past_aims(self, past: Past) -> list[Aim]:
        return [
            _least("history", past.rate, 5000, "messages a second"),
            _most("memory for history, engine host", past.grown["host"], 40, "MB"),
            _most("memory for history, Python", past.grown["python"], 60, "MB"),
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
            "history": None if self.past is None else asdict(self.past),
            "delivered": {name: asdict(one) for name, one in self.delivered.items()},
            "weight_ms": None if self.weight is None else asdict(self.weight),
            "thousand": None if self.thousand is None else asdict(self.thousand),
            "searched": None if self.searched is None else asdict(self.searched),
            "aims": [{**asdict(aim), "is_met": aim.is_met} for aim in self.aims()],
        }


def _more(one: Delivery, other: Delivery) -> float:
    """How much more of Python's CPU a delivery took, in percent."""
    return 100 * (one.least_python / other.least_python - 1)


def _least(name: str, value: float, wanted: float, unit: str) -> Aim:
    return Aim(name=name, value=value, wanted=wanted, unit=unit, at_least=True)


def _most(name: str, value: float, wanted: float, unit: str) -> Aim:
    return Aim(name=name, value=value, wanted=wanted, unit=unit, at_least=False)


def _key(subject: str, sessions: int) -> str:
    return f"{subject}/{sessions}"
