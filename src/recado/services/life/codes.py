"""QR codes that are shown one after the other, each until its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime

from recado.domain.instances import Pairing


class Codes:
    """The set that the network offered last."""

    def __init__(self) -> None:
        self._left: deque[tuple[str, datetime]] = deque()

    def replace(self, spans: Iterable[tuple[str, datetime]]) -> None:
        """Begin with a new set: each code with its end."""
        self._left = deque(spans)

    def clear(self) -> None:
        self._left.clear()

    @property
    def shown(self) -> Pairing | None:
        """The one to show now."""
        if not self._left:
            return None
        code, ends = self._left[0]
        return Pairing(method="qr", code=code, phone=None, expires_at=ends)

    @property
    def next_at(self) -> datetime | None:
        """When another one has to be shown; None when this is the last."""
        return self._left[0][1] if len(self._left) > 1 else None

    def pass_time(self, now: datetime) -> bool:
        """Drop those that are over, except the last; True when another one has to be shown."""
        before = len(self._left)
        while len(self._left) > 1 and self._left[0][1] <= now:
            self._left.popleft()
        return len(self._left) != before
