"""How long a process may act for what it has leases of, by a clock that runs on while the process is stopped."""

from __future__ import annotations

import time
from datetime import timedelta


class Tenure:
    """Over from the start, and whenever nobody has renewed it for `duration`."""

    def __init__(self, duration: timedelta) -> None:
        self.duration = duration
        self._until = 0.0

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._until

    def renew(self, at: float) -> None:
        """The leases were written after that moment of `time.monotonic()`."""
        self._until = at + self.duration.total_seconds()
