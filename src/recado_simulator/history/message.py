"""A message of the past, as a phone keeps it and tells it to a newly linked device."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from recado_simulator.content import text_message
from recado_simulator.protobuf import Value, encode


class Status(IntEnum):
    """How far a message got."""

    ERROR = 0
    PENDING = 1
    SERVER_ACK = 2
    DELIVERY_ACK = 3
    READ = 4
    PLAYED = 5


class Stub(IntEnum):
    """What happened where there is no message; some of the many."""

    REVOKE = 1
    GROUP_CREATE = 20
    GROUP_CHANGE_SUBJECT = 21
    GROUP_PARTICIPANT_ADD = 27
    GROUP_PARTICIPANT_REMOVE = 28
    GROUP_PARTICIPANT_LEAVE = 32
    E2E_IDENTITY_CHANGED = 38
    E2E_ENCRYPTED = 39
    CALL_MISSED_VOICE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryMessage:
    """`at` is seconds since 1970 UTC; `content` the bytes of a Message, or `text` when it is nothing else.

    Without an `id` it has no key, and nobody can read it. `sender` is the member's JID, in groups alone. `place` is its
    order in the chat, growing with time: where it stands in its conversation unless told.
    """

    id: str
    at: int
    text: str = ""
    content: bytes | None = None
    is_from_me: bool = False
    sender: str = ""
    push_name: str = ""
    status: Status | None = None
    stub: Stub | None = None
    stub_params: tuple[str, ...] = ()
    secret: bytes | None = None
    place: int | None = None

    def encode(self, chat: str, place: int) -> bytes:
        """The HistorySyncMsg of a chat."""
        sender = self.sender.encode() or None
        key = encode([(1, chat.encode()), (2, int(self.is_from_me)), (3, self.id.encode()), (4, sender)])
        fields: list[tuple[int, Value | None]] = [
            (1, key if self.id else None),
            (2, self._content()),
            (3, self.at),
            (4, self.status),
            (5, sender),
            (19, self.push_name.encode() or None),
            (24, self.stub),
        ]
        fields += [(26, param.encode()) for param in self.stub_params]
        fields.append((49, self.secret))
        return encode([(1, encode(fields)), (2, place)])

    def _content(self) -> bytes | None:
        return text_message(self.text) if self.content is None and self.text else self.content
