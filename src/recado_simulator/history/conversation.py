"""A conversation of the past: what a phone says of a chat, and its messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

from recado_simulator.history.message import HistoryMessage
from recado_simulator.protobuf import Value, encode

FOREVER = -1
UNSIGNED = 1 << 64


class Rank(IntEnum):
    """What a member is in a group."""

    REGULAR = 0
    ADMIN = 1
    SUPERADMIN = 2


class End(IntEnum):
    """Whether the phone has older messages than those that it tells."""

    MORE = 0
    NO_MORE = 1
    MORE_ON_DEMAND = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """`chat` is a phone number, LID or group JID; `pn` and `lid` are told beside it when given.

    `messages` go from the oldest to the newest, as they do in `older`: those that the phone tells only when asked.
    Times are seconds since 1970 UTC; `muted_until` FOREVER has no end; `last_at` is that of the last message unless
    told. `members` are JIDs with their rank.
    """

    chat: str = field(kw_only=False)
    messages: Sequence[HistoryMessage] = ()
    older: Sequence[HistoryMessage] = ()
    pn: str = ""
    lid: str = ""
    name: str = ""
    unread: int = 0
    is_marked_unread: bool = False
    is_archived: bool = False
    pinned_at: int | None = None
    muted_until: int | None = None
    last_at: int | None = None
    members: Sequence[tuple[str, Rank]] = ()
    end: End | None = None

    def encode(self) -> bytes:
        """The Conversation, newest message first."""
        messages = [message.encode(self.chat, place) for place, message in self.placed()]
        last_at = self.last_at or max((message.at for message in self.messages), default=None)
        muted = None if self.muted_until is None else self.muted_until % UNSIGNED
        end = self.end if self.end is not None else End.MORE if self.older else End.NO_MORE
        fields: list[tuple[int, Value | None]] = [(1, self.chat.encode())]
        fields += [(2, message) for message in reversed(messages)]
        fields += [(5, last_at), (6, self.unread or None), (8, 1), (11, end), (12, last_at)]
        fields += [
            (13, self.name.encode() or None),
            (16, self.is_archived or None),
            (19, self.is_marked_unread or None),
        ]
        fields += [(20, encode([(1, jid.encode()), (2, rank or None)])) for jid, rank in self.members]
        fields += [(24, self.pinned_at), (25, muted), (39, self.pn.encode() or None), (42, self.lid.encode() or None)]
        return encode(fields)

    def placed(self) -> list[tuple[int, HistoryMessage]]:
        """The messages with their order in the chat."""
        first = len(self.older) + 1
        return [
            (message.place if message.place is not None else first + n, message)
            for n, message in enumerate(self.messages)
        ]

    def before(self, id: str, at: int, count: int) -> Conversation:
        """As many messages as asked for, right before this one, or before that time when it is not there."""
        known = [*self.older, *self.messages]
        here = next((n for n, message in enumerate(known) if message.id == id), None)
        end = here if here is not None else sum(message.at < at for message in known)
        start = max(0, end - count)
        placed = [replace(message, place=message.place or start + n + 1) for n, message in enumerate(known[start:end])]
        return replace(self, messages=placed, older=(), end=End.MORE_ON_DEMAND if start else End.NO_MORE)
