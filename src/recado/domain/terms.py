"""The terms of a lease: how long a worker holds what nobody may run twice, and what follows from that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`lease` is how long one lasts in the database; a worker that is silent for longer may be replaced by another.

    A session in the engine's process lives for half of that after its last renewal, and is renewed only while the other
    half is left: so it has ended before anybody can take its instance over, whatever has become of this process.
    """

    lease: timedelta = timedelta(seconds=30)

    @property
    def renew_every(self) -> timedelta:
        return self.lease / 3

    @property
    def session(self) -> timedelta:
        """How long the engine keeps a session that is not renewed."""
        return self.lease / 2

    @property
    def heartbeat(self) -> timedelta:
        """How often the engine's sessions are renewed."""
        return min(timedelta(seconds=5), self.lease / 6)
