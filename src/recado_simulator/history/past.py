"""The past of a phone: what it offers to a newly linked device, and where it looks when asked for more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from recado_simulator.history.chunk import Chunk, SyncType
from recado_simulator.history.conversation import Conversation, End


class Past(Protocol):
    """Anything that a phone may have as its `history`."""

    @property
    def chunks(self) -> Sequence[Chunk]:
        """What is offered, in this order."""

    def older(self, chat: str, id: str, at: int, count: int) -> Conversation:
        """The part of a chat right before a message; `chat` is any of its JIDs, `at` the message's seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Conversations as a test writes them down; `push_names` are by JID, `lids` by phone number JID."""

    conversations: Sequence[Conversation] = ()
    push_names: Mapping[str, str] = field(default_factory=dict)
    lids: Mapping[str, str] = field(default_factory=dict)

    @property
    def chunks(self) -> Sequence[Chunk]:
        """The conversations with the LIDs, then the push names when there are any."""
        chunks = [Chunk.of(SyncType.INITIAL_BOOTSTRAP, self.conversations, lids=self.lids)]
        if self.push_names:
            chunks.append(Chunk.of(SyncType.PUSH_NAME, push_names=self.push_names))
        return chunks

    def older(self, chat: str, id: str, at: int, count: int) -> Conversation:
        return older_of(self.conversations, chat, id, at, count)


def older_of(conversations: Sequence[Conversation], chat: str, id: str, at: int, count: int) -> Conversation:
    """The part of a chat right before a message; of an unknown chat nothing, which is then all there is."""
    for conversation in conversations:
        if chat in (conversation.chat, conversation.pn, conversation.lid):
            return conversation.before(id, at, count)
    return Conversation(chat, end=End.NO_MORE)
