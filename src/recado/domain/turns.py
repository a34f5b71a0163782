"""Whose turn it is to be sent: one message of a chat at a time and in order, chats side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from uuid import UUID

from .sending import Queued


class Turns:
    """The messages of one instance that are in memory. At most `window` of them are under way at once."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._waiting: dict[UUID, deque[Queued]] = {}
        self._under_way: dict[UUID, Queued] = {}
        self._held: dict[UUID, bool] = {}

    @property
    def room(self) -> int:
        """How many more may begin than could with what is in memory."""
        return max(0, self._window - len(self._under_way) - len(self._idle()))

    @property
    def chats(self) -> Collection[UUID]:
        """The chats of which something is in memory; further messages of theirs are not to be admitted."""
        return self._waiting.keys() | self._under_way.keys() | self._held.keys()

    @property
    def under_way(self) -> Collection[UUID]:
        """The ids of the messages that are being sent."""
        return [queued.message_id for queued in self._under_way.values()]

    def admit(self, rows: Iterable[Queued]) -> None:
        """Take what was read from the queue, in its order."""
        for queued in rows:
            self._waiting.setdefault(queued.chat_id, deque()).append(queued)

    def ready(self) -> list[Queued]:
        """The heads of chats that may begin now, those first that came first."""
        free = self._window - len(self._under_way)
        return [self._waiting[chat][0] for chat in self._idle()[: max(0, free)]]

    def begin(self, queued: Queued) -> None:
        line = self._waiting[queued.chat_id]
        line.popleft()
        if not line:
            del self._waiting[queued.chat_id]
        self._under_way[queued.chat_id] = queued

    def finish(self, queued: Queued) -> None:
        """It was sent or given up: the next one of its chat may go."""
        del self._under_way[queued.chat_id]
        if (line := self._waiting.pop(queued.chat_id, None)) is not None:
            self._waiting[queued.chat_id] = line  # to the end, so that a busy chat lets others go before it

    def hold(self, again: Queued, *, is_offline: bool) -> None:
        """It goes again later, and nothing of its chat before it; `is_offline` until somebody is connected."""
        del self._under_way[again.chat_id]
        self._waiting.setdefault(again.chat_id, deque()).appendleft(again)
        self._held[again.chat_id] = is_offline

    def keep_back(self, chat_id: UUID) -> None:
        """Nothing of the chat goes until it is released."""
        self._held[chat_id] = False

    def release(self, chat_id: UUID) -> None:
        self._held.pop(chat_id, None)

    def come_online(self) -> None:
        """Release the chats that only waited for a connection."""
        for chat_id in [chat for chat, is_offline in self._held.items() if is_offline]:
            del self._held[chat_id]

    def drop_waiting(self) -> None:
        """Forget what has not begun; the queue has it still."""
        self._waiting.clear()
        self._held.clear()

    def _idle(self) -> list[UUID]:
        return [chat for chat in self._waiting if chat not in self._under_way and chat not in self._held]
