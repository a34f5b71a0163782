"""Whose turn it is to be sent: one message of a chat at a time and in order, chats side by side, at the lane's pace."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from .pacing import Bucket
from .sending import Lane, Queued


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hold:
    until: datetime
    is_offline: bool = False


class Turns:
    """The messages of one instance that are in memory. At most `window` of them are under way at once.

    A chat is in one lane as a whole; a lane without a bucket has no pace.
    """

    def __init__(self, window: int, buckets: Mapping[Lane, Bucket] | None = None) -> None:
        self._window = window
        self._buckets = buckets or {}
        self._waiting: dict[UUID, deque[Queued]] = {}
        self._under_way: dict[UUID, Queued] = {}
        self._held: dict[UUID, _Hold] = {}
        self._lanes: dict[UUID, Lane] = {}

    def room(self, lane: Lane, now: datetime) -> int:
        """How many more of a lane may begin than could with what is in memory."""
        idle = sum(self._lanes[chat] == lane for chat in self._idle(now))
        return max(0, self._window - len(self._under_way) - idle)

    @property
    def chats(self) -> Collection[UUID]:
        """The chats of which something is in memory; further messages of theirs are not to be admitted."""
        return self._waiting.keys() | self._under_way.keys()

    @property
    def under_way(self) -> Collection[UUID]:
        """The ids of the messages that are being sent."""
        return [queued.message_id for queued in self._under_way.values()]

    def admit(self, rows: Iterable[Queued]) -> None:
        """Take what was read from the queue, in its order."""
        for queued in rows:
            is_head = queued.chat_id not in self._waiting
            self._waiting.setdefault(queued.chat_id, deque()).append(queued)
            self._lanes[queued.chat_id] = queued.lane
            if is_head and queued.not_before is not None:
                self._held[queued.chat_id] = _Hold(until=queued.not_before)

    def move(self, chat_id: UUID, lane: Lane) -> None:
        """The chat is in another lane from now on."""
        if chat_id in self._lanes:
            self._lanes[chat_id] = lane

    def ready(self, now: datetime) -> list[Queued]:
        """The heads of chats that may begin now, those first that came first."""
        free = self._window - len(self._under_way)
        taken: Counter[Bucket] = Counter()
        heads: list[Queued] = []
        for chat in self._idle(now):
            if len(heads) >= free:
                break
            bucket = self._buckets.get(self._lanes[chat])
            if bucket is not None:
                if taken[bucket] >= bucket.available(now):
                    continue
                taken[bucket] += 1
            heads.append(self._waiting[chat][0])
        return heads

    def next_at(self, now: datetime) -> datetime | None:
        """When a head may begin that may not now; None when that takes more than time."""
        moments = [hold.until for chat, hold in self._held.items() if chat in self._waiting and hold.until > now]
        if len(self._under_way) < self._window:
            lanes = {self._lanes[chat] for chat in self._idle(now)}
            moments += [self._buckets[lane].next_at(now) for lane in lanes if lane in self._buckets]
        return min(moments, default=None)

    def begin(self, queued: Queued, now: datetime) -> None:
        line = self._waiting[queued.chat_id]
        line.popleft()
        if not line:
            del self._waiting[queued.chat_id]
        self._held.pop(queued.chat_id, None)
        self._under_way[queued.chat_id] = queued
        if (bucket := self._buckets.get(self._lanes[queued.chat_id])) is not None:
            bucket.take(now)

    def finish(self, queued: Queued) -> None:
        """It was sent or given up: the next one of its chat may go."""
        del self._under_way[queued.chat_id]
        if (line := self._waiting.pop(queued.chat_id, None)) is not None:
            self._waiting[queued.chat_id] = line  # to the end, so that a busy chat lets others go before it
        self._tidy(queued.chat_id)

    def hold(self, again: Queued, until: datetime, *, is_offline: bool) -> None:
        """It goes again then, and nothing of its chat before it; `is_offline`: or as soon as somebody is connected."""
        del self._under_way[again.chat_id]
        self._waiting.setdefault(again.chat_id, deque()).appendleft(again)
        self._held[again.chat_id] = _Hold(until=until, is_offline=is_offline)

    def come_online(self) -> None:
        """Release the chats that only waited for a connection."""
        self._held = {chat: hold for chat, hold in self._held.items() if not hold.is_offline}

    def remove(self, message_id: UUID) -> None:
        """It is in the queue no more; what it held back may go."""
        for chat, line in list(self._waiting.items()):
            places = [place for place, queued in enumerate(line) if queued.message_id == message_id]
            for place in places:
                del line[place]
                if place == 0:
                    self._held.pop(chat, None)
            if not line:
                del self._waiting[chat]
            self._tidy(chat)

    def drop_waiting(self, lane: Lane | None = None) -> None:
        """Forget what has not begun, all or that of one lane; the queue has it still."""
        for chat in [chat for chat in self._waiting if lane in (None, self._lanes[chat])]:
            del self._waiting[chat]
            self._tidy(chat)

    def _tidy(self, chat: UUID) -> None:
        if chat not in self._waiting:
            self._held.pop(chat, None)
            if chat not in self._under_way:
                self._lanes.pop(chat, None)

    def _idle(self, now: datetime) -> list[UUID]:
        return [chat for chat in self._waiting if chat not in self._under_way and not self._is_held(chat, now)]

    def _is_held(self, chat: UUID, now: datetime) -> bool:
        return chat in self._held and self._held[chat].until > now
