"""The pace of every instance: buckets of its own, with irregularity of its own, the same ones for the same seed."""

from __future__ import annotations

from random import Random
from uuid import UUID

from recado.domain.pacing import Bucket, Pace, buckets_of
from recado.domain.sending import Lane


class Paces:
    """`pace` None: nothing is paced. `seed` None: nobody can tell the irregularity in advance."""

    def __init__(self, pace: Pace | None, seed: int | None = None) -> None:
        self._pace = pace
        self._seed = seed
        self._buckets: dict[UUID, dict[Lane, Bucket]] = {}

    def of(self, instance_id: UUID) -> dict[Lane, Bucket]:
        """They are kept for good, so that no reconnect lets more go at once."""
        if instance_id not in self._buckets:
            chance = Random() if self._seed is None else Random(f"{self._seed}/{instance_id}")
            self._buckets[instance_id] = buckets_of(self._pace, chance)
        return self._buckets[instance_id]
