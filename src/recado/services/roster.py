"""Which instances are connected right now, and under which fence: whom the sender may send for."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID


class Roster:
    """Kept by the lifecycle. `hear` is told of every instance that has just come in."""

    def __init__(self) -> None:
        self._fences: dict[UUID, int] = {}
        self._listeners: list[Callable[[UUID], None]] = []

    def hear(self, listener: Callable[[UUID], None]) -> None:
        self._listeners.append(listener)

    def fence_of(self, instance_id: UUID) -> int | None:
        """The fence to send under; None while it is not connected."""
        return self._fences.get(instance_id)

    def connected(self) -> dict[UUID, int]:
        """All of them, with their fences."""
        return dict(self._fences)

    def enter(self, instance_id: UUID, fence: int) -> None:
        is_new = self._fences.get(instance_id) != fence
        self._fences[instance_id] = fence
        if is_new:
            for listener in self._listeners:
                listener(instance_id)

    def leave(self, instance_id: UUID) -> None:
        self._fences.pop(instance_id, None)
