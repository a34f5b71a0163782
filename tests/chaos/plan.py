"""The plan of a storm: what is broken, in which order, with which pauses. The same seed makes the same plan."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from random import Random
from typing import Final

BLOWS: Final = (
    "host killed",
    "host stopped",
    "worker killed",
    "worker replaced",
    "worker stopped beyond its lease",
    "postgres killed",
    "killed with a delivery unanswered",
    "killed with a send unanswered",
)
MOODS: Final = ("down", "slow", "failing", "reset before", "reset after")
FAULTS: Final = ("cut", "stream error 500", "stream error 503", "stream error 515", "silent", "deaf", "late acks")
PAUSE: Final = (0.5, 2.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """One at the processes, after a pause in seconds. `draw` decides what the kind leaves open (0 ≤ draw < 1)."""

    kind: str
    pause: float
    draw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A time of trouble on one receiver or instance: it begins after a pause and lasts, both in seconds."""

    kind: str
    target: int
    pause: float
    lasts: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`wished` is the instance that somebody stops in the middle."""

    seed: int
    seconds: float
    instances: int
    blows: tuple[Blow, ...]
    moods: tuple[Spell, ...]
    faults: tuple[Spell, ...]
    wished: int | None = None


def make_plan(seed: int, *, seconds: float, instances: int, receivers: int) -> Plan:
    """Rounds of all blows, each in an order of its own, until they surely fill the time; moods and faults likewise.

    A storm ends when its time is over and one whole round of blows is through.
    """
    chance = Random(seed)
    rounds = max(1, round(seconds / 30))
    return Plan(
        seed=seed,
        seconds=seconds,
        instances=instances,
        blows=tuple(chain.from_iterable(_blows(chance) for _ in range(rounds))),
        moods=tuple(chain.from_iterable(_moods(chance, receivers) for _ in range(rounds))),
        faults=tuple(_faults(chance, instances) for _ in range(round(seconds))),
        wished=chance.randrange(instances),
    )


def only(kind: str, *, seed: int = 0, instances: int = 2) -> Plan:
    """One blow and nothing else."""
    blow = Blow(kind=kind, pause=0, draw=0)
    return Plan(seed=seed, seconds=0, instances=instances, blows=(blow,), moods=(), faults=())


def _blows(chance: Random) -> list[Blow]:
    kinds = chance.sample(BLOWS, len(BLOWS))
    return [Blow(kind=kind, pause=chance.uniform(*PAUSE), draw=chance.random()) for kind in kinds]


def _moods(chance: Random, receivers: int) -> list[Spell]:
    return [
        Spell(kind=kind, target=chance.randrange(receivers), pause=chance.uniform(1, 4), lasts=chance.uniform(3, 8))
        for kind in chance.sample(MOODS, len(MOODS))
    ]


def _faults(chance: Random, instances: int) -> Spell:
    return Spell(
        kind=chance.choice(FAULTS),
        target=chance.randrange(instances),
        pause=chance.uniform(0.5, 2.5),
        lasts=chance.uniform(2, 5),
    )
