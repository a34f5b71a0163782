"""How far a cursor may move while events behind it settle in any order."""

from __future__ import annotations

from collections import deque


class Progress:
    """Positions taken in ascending order and settled in any; the cursor stands before the first unsettled one."""

    def __init__(self, position: int) -> None:
        self._reached = position
        self._taken: deque[int] = deque()
        self._settled: set[int] = set()

    @property
    def unsettled(self) -> int:
        """How many positions stand between the cursor and the newest one taken, settled ones among them included."""
        return len(self._taken)

    @property
    def first_unsettled(self) -> int | None:
        return self._taken[0] if self._taken else None

    @property
    def cursor(self) -> int:
        """Everything up to here is settled."""
        return self._taken[0] - 1 if self._taken else self._reached

    def take(self, position: int) -> None:
        if position <= self._reached:
            raise ValueError(f"position {position} was reached before")
        self._taken.append(position)
        self._reached = position

    def reach(self, position: int) -> None:
        """Note that nothing up to here is wanted beyond what has been taken."""
        self._reached = max(self._reached, position)

    def settle(self, position: int) -> None:
        self._settled.add(position)
        while self._taken and self._taken[0] in self._settled:
            self._settled.discard(self._taken.popleft())
