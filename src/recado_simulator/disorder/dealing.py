"""Dealing: how the threads of an untidy history are cut into chunks that overlap and come out of order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random

from recado_simulator.disorder.threads import Thread
from recado_simulator.history import Chunk, Conversation, End, HistoryMessage, SyncType

NEWEST = 10  # of each chat are told first
RECENT = 100
OVERLAP = 8
SEGMENT = 500
RECENT_CHUNKS, FULL_CHUNKS = 3, 6
REPEATED = 1 / 300  # of the messages come twice in the same chunk
EDIT_PLACES = ("behind", "before", "earlier", "later")

# The chunks as the phone numbers them, and the order in which it offers them.
BOOTSTRAP, NAMES, NAMES_2, MAP, MAP_2 = "bootstrap", "names", "names 2", "map", "map 2"
ORDER = (
    BOOTSTRAP,
    MAP,
    "recent 1",
    NAMES,
    "full 2",
    "recent 0",
    "full 0",
    "full 4",
    "recent 2",
    "full 1",
    NAMES_2,
    "full 5",
    "full 3",
    MAP_2,
)


@dataclass(slots=True, kw_only=True)
class Segment:
    """A stretch of a thread in one chunk: `messages` from what comes last on the wire to what comes first."""

    thread: Thread
    jid: str
    start: int
    messages: list[HistoryMessage] = field(default_factory=list)

    def conversation(self) -> Conversation:
        thread, person = self.thread, self.thread.person
        pair = (person.pn, person.lid) if person and thread.tells_pair else ("", "")
        return Conversation(
            self.jid,
            messages=self.messages,
            pn=pair[0] if pair[0] != self.jid else "",
            lid=pair[1] if pair[1] != self.jid else "",
            name=thread.subject,
            unread=thread.unread,
            is_marked_unread=thread.is_marked_unread,
            is_archived=thread.is_archived,
            pinned_at=thread.pinned_at,
            muted_until=thread.muted_until,
            last_at=thread.last_at if thread.told else None,
            members=thread.members,
            end=End.NO_MORE if thread.is_complete and self.start == 0 else End.MORE,
        )


class Deal:
    """Segments by the name of their chunk."""

    def __init__(self, source: Random) -> None:
        self._source = source
        self.segments: dict[str, list[Segment]] = {name: [] for name in ORDER}
        self._next_full = 0

    def cut(self, thread: Thread) -> None:
        """Deals out a thread, its edits and what cannot be read."""
        segments = [(name, self._segment(thread, name, start, end)) for name, start, end in self._cuts(thread)]
        for name, segment in segments:
            self.segments[name].append(segment)
        for index, edit in thread.edits.items():
            self._place_edit(thread, segments, index, edit)
        segments[0][1].messages += thread.unreadable

    def chunks(self, push_names: list[tuple[str, str]], lids: list[tuple[str, str]]) -> Iterator[Chunk]:
        """All chunks that have something to tell, in the order of the offers."""
        for name in ORDER:
            chunk = self._chunk(name, push_names, lids)
            if chunk is not None:
                yield chunk

    def _chunk(self, name: str, push_names: list[tuple[str, str]], lids: list[tuple[str, str]]) -> Chunk | None:
        if name in (NAMES, NAMES_2):
            told = dict(half(push_names, is_second=name == NAMES_2))
            return Chunk.of(SyncType.PUSH_NAME, push_names=told) if told else None
        if name in (MAP, MAP_2):
            told = dict(half(lids, is_second=name == MAP_2))
            return Chunk.of(SyncType.NON_BLOCKING_DATA, lids=told) if told else None
        segments = self.segments[name]
        if not segments:
            return None
        order, progress = position(name)
        conversations = [segment.conversation() for segment in segments]
        return Chunk.of(type_of(name), conversations, order=order, progress=progress)

    def _cuts(self, thread: Thread) -> Iterator[tuple[str, int, int]]:
        """The name of the chunk, and from which message to which; a chat that says nothing is told of all the same."""
        count = len(thread.told)
        yield BOOTSTRAP, max(0, count - NEWEST), count
        if count > NEWEST:
            yield f"recent {thread.n % RECENT_CHUNKS}", max(0, count - RECENT), count - NEWEST + OVERLAP
        end = count - RECENT + OVERLAP
        while end > OVERLAP:
            self._next_full += 1
            yield f"full {self._next_full % FULL_CHUNKS}", max(0, end - SEGMENT), end
            end = end - SEGMENT + OVERLAP if end > SEGMENT else 0

    def _segment(self, thread: Thread, name: str, start: int, end: int) -> Segment:
        messages = [message for message, _ in thread.told[start:end]]
        for message in list(messages):
            if self._source.random() < REPEATED:
                messages.append(message)
        # A chat that the phone has split is told by the one address or the other.
        jid = thread.jids[position(name)[0] % len(thread.jids)]
        return Segment(thread=thread, jid=jid, start=start, messages=messages)

    def _place_edit(
        self, thread: Thread, segments: list[tuple[str, Segment]], index: int, edit: HistoryMessage
    ) -> None:
        """Before or behind its original on the wire, or in a chunk that is offered earlier or later."""
        original = thread.told[index][0]
        homes = [(name, segment) for name, segment in segments if original in segment.messages]
        place = self._source.choice(EDIT_PLACES)
        others = [name for name in ORDER if self.segments[name] and name not in {home for home, _ in homes}]
        ranks = [ORDER.index(name) for name, _ in homes]
        away = [
            name
            for name in others
            if (ORDER.index(name) < min(ranks) if place == "earlier" else ORDER.index(name) > max(ranks))
        ]
        if place in ("earlier", "later") and away:
            name = self._source.choice(away)
            jid = thread.jids[position(name)[0] % len(thread.jids)]
            self.segments[name].append(Segment(thread=thread, jid=jid, start=-1, messages=[edit]))
        elif place == "before":
            homes[0][1].messages.append(edit)
        else:
            homes[0][1].messages.insert(0, edit)


def half(pairs: Iterable[tuple[str, str]], *, is_second: bool) -> list[tuple[str, str]]:
    """Every other one."""
    return list(pairs)[is_second::2]


def type_of(name: str) -> SyncType:
    if name == BOOTSTRAP:
        return SyncType.INITIAL_BOOTSTRAP
    return SyncType.RECENT if name.startswith("recent") else SyncType.FULL


def position(name: str) -> tuple[int, int]:
    """The number of a chunk with conversations, and the progress in percent that it stands for."""
    if name == BOOTSTRAP:
        return 1, 100
    kind, _, n = name.partition(" ")
    before, count = (2, RECENT_CHUNKS) if kind == "recent" else (2 + RECENT_CHUNKS, FULL_CHUNKS)
    return before + int(n), (int(n) + 1) * 100 // count
