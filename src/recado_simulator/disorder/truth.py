"""The truth about an untidy history: what must be known of it in the end, whatever the way it was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from recado_simulator.history import Chunk, Conversation, End, Rank


class BookEntry(NamedTuple):
    """What the phone's address book says: to be saved in it, for history does not tell these names."""

    jid: str
    name: str
    lid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedContact:
    """`pn` and `lid` are JIDs, empty when nobody can know them; `name` is what is shown, empty for a bare number."""

    pn: str
    lid: str
    book_name: str
    push_name: str

    @property
    def name(self) -> str:
        return self.book_name or self.push_name


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedMessage:
    """`chat` is the `jid` of its chat, `sender` a JID of who wrote it; `at` is in seconds.

    `sender` is empty for one's own, and for some stubs of groups, of which nobody says who did it.

    `place` grows with time inside the chat, also where `at` does not. `kind` is the protobuf's field name of the
    content, or `stub`: then `stub` is what happened, as the protobuf names it. `text` is the final text or caption,
    `quoted` the text that it answers, `status` the name of how far it got.
    """

    chat: str
    id: str
    place: int
    at: int
    is_from_me: bool
    sender: str
    kind: str
    text: str | None
    quoted: str | None
    status: str | None
    stub: str
    is_edited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedChat:
    """`jid` is one of its addresses, `pn` and `lid` those that can be known of it; a group has only a `jid`.

    `subject` is a group's name; people are named by their contact. Times are seconds since 1970 UTC, `muted_until`
    FOREVER has no end. `message_ids` go from the oldest to the newest. `is_complete`: the phone has no older messages.
    """

    jid: str
    pn: str
    lid: str
    is_group: bool
    subject: str
    members: Sequence[tuple[str, Rank]]
    unread: int
    is_marked_unread: bool
    is_archived: bool
    pinned_at: int | None
    muted_until: int | None
    is_complete: bool
    last_at: int | None
    message_ids: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class UntidyHistory:
    """A phone can have it as its `history`: `chunks` are offered in their order.

    `book` is to be saved in the phone's address book, or half the contacts have no name. `unreadable` counts messages
    in the chunks that nobody can read: they are not among `messages`. `repeated` counts the others that come more
    than once, and edits.
    """

    seed: int
    chunks: Sequence[Chunk]
    book: Sequence[BookEntry]
    contacts: Sequence[ExpectedContact]
    chats: Sequence[ExpectedChat]
    messages: Sequence[ExpectedMessage]
    unreadable: int
    repeated: int

    @cached_property
    def by_id(self) -> dict[tuple[str, str], ExpectedMessage]:
        """The messages by chat and id."""
        return {(message.chat, message.id): message for message in self.messages}

    @cached_property
    def people(self) -> dict[str, ExpectedContact]:
        """The contacts by each of their JIDs."""
        return {jid: contact for contact in self.contacts for jid in (contact.pn, contact.lid) if jid}

    def title(self, chat: ExpectedChat) -> str:
        """What a chat is called: the subject, or the person's name, or nothing."""
        return chat.subject if chat.is_group else self.people[chat.jid].name

    def older(self, chat: str, id: str, at: int, count: int) -> Conversation:
        """Nothing: everything has been told."""
        return Conversation(chat, end=End.NO_MORE)
