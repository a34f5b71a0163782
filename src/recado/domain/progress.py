"""How far a cursor may move while events behind it settle in any order."""

from __future__ import annotations

from collections import deque


class Progress:
    """Positions taken in ascending order and settled in any; the cursor stands before the first unsettled one."""

    def __init__(self, position: int) -> None:
        self._reached = position
        self._taken: deque[int] = deque()
        self._sizes: dict[int, int] = {}
        self.size = 0
        """Of all that is not settled, in whatever unit it was taken."""

    @property
    def unsettled(self) -> int:
        """How many positions stand between the cursor and the newest one taken, settled ones among them included."""
        return len(self._taken)

    @property
    def cursor(self) -> int:
        """Everything up to here is settled."""
        return self._taken[0] - 1 if self._taken else self._reached

    def take(self, position: int, size: int = 0) -> None:
        if position <= self._reached:
            raise ValueError(f"position {position} was reached before")
        self._taken.append(position)
        self._sizes[position] = size
        self.size += size
        self._reached = position

    def reach(self, position: int) -> None:
        """Note that nothing up to here is wanted beyond what has been taken."""
        self._reached = max(self._reached, position)

    def settle(self, position: int) -> None:
        self.size -= self._sizes.pop(position)
        while self._taken and self._taken[0] not in self._sizes:
            self._taken.popleft()
