"""What an engine may tell and answer beyond messages: history, app state, groups, pictures, presence.

Optional extras of the Engine seam, each a Protocol with few methods. An engine that lacks one simply does not have the
methods; `docs/engine-protocol.md` says what each call and event means.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from .engine import Gap, Incoming, Notice, Receipt
from .jid import Identity

COLLECTIONS = ("critical_block", "critical_unblock_low", "regular_high", "regular", "regular_low")
"""Of app state, in the order in which a phone expects them to be fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryNotice:
    """The phone offers a piece of history. `notification` is what fetches it; it holds keys.

    `wa_id` is None when the notice was found again after a crash, `request` None unless it answers one.
    """

    session: str
    wa_id: str | None
    notification: bytes
    sync_type: str
    chunk_order: int
    progress: int
    request: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryConversation:
    """What the phone says of a chat. `chat` is its JID as told; times are UTC; None is not told."""

    chat: str
    identity: Identity
    name: str | None = None
    unread: int = 0
    is_marked_unread: bool = False
    is_archived: bool = False
    pinned_at: datetime | None = None
    muted_until: datetime | None = None
    last_at: datetime | None = None
    is_complete: bool = False
    participants: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryMessage:
    """A message of the past. `place` is its order in the chat, growing with time; `status` as the protobuf names it.

    `is_edit`: the content is the edited one, under the id of the original. `stub` is the name of what happened when
    there is no message (somebody joined, a number changed).
    """

    incoming: Incoming
    place: int
    status: str | None = None
    is_edit: bool = False
    stub: str | None = None
    stub_params: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryBatch:
    """Part of a piece of history; `id` is the one that `fetch_history` was called with."""

    session: str
    id: str
    conversations: tuple[HistoryConversation, ...] = ()
    messages: tuple[HistoryMessage, ...] = ()
    push_names: tuple[tuple[Identity, str], ...] = ()
    people: tuple[Identity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFetched:
    """How much a piece of history held."""

    conversations: int
    messages: int
    skipped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppStateItem:
    """An entry that is set: its index (`["contact", jid]` …) and its protojson value."""

    index: tuple[str, ...]
    value: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppStateItems:
    """Entries of a collection, in the order in which they apply; they come only while `fetch_app_state` runs."""

    session: str
    collection: str
    items: tuple[AppStateItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppStateFetched:
    """A collection is at `version` now. `was_full`: whatever has not come is not there any more."""

    version: int
    was_full: bool
    removed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """Somebody writes or records, or has stopped. `state` is `composing`, `recording` or `paused`."""

    session: str
    chat: str
    chat_identity: Identity
    sender: Identity
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Somebody is there, or was last seen then (None: not told)."""

    session: str
    identity: Identity
    is_available: bool
    last_seen_at: datetime | None


Heard = Incoming | Receipt | Gap | Notice | HistoryNotice | HistoryBatch | AppStateItems | Typing | Presence
"""All that `Listener.handle` may be given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMember:
    """`role` is `member`, `admin` or `superadmin`."""

    identity: Identity
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group as the network describes it. `ephemeral_s` is 0 when messages stay."""

    jid: str
    subject: str
    description: str | None
    owner: Identity | None
    created_at: datetime | None
    is_announce: bool
    is_locked: bool
    ephemeral_s: int
    members: tuple[GroupMember, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A profile picture. `id` None: there is none (`why` is `none`) or it is `hidden`. `image` None: unchanged."""

    id: str | None
    url: str | None = None
    image: bytes | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OldestKnown:
    """The message before which more is wanted. `chat` is the chat's JID."""

    chat: str
    wa_id: str
    from_me: bool
    at: datetime


@runtime_checkable
class HistorySource(Protocol):
    """Pieces of history, fetched when Recado is ready for them. All raise EngineError."""

    async def fetch_history(self, session: str, fence: int, id: str, notification: bytes) -> HistoryFetched:
        """Read one piece: `HistoryBatch` after `HistoryBatch` goes to the listener. `gone` and `file` are hopeless."""

    async def end_history(
        self, session: str, fence: int, wa_id: str | None, notification: bytes, *, is_lost: bool
    ) -> None:
        """Tell the phone that it is stored, or lost, and delete it from the server."""

    async def ask_history(self, session: str, fence: int, oldest: OldestKnown, count: int) -> str:
        """Ask the phone for older messages of a chat; the id that a `HistoryNotice` may answer, or nobody ever does."""


@runtime_checkable
class AppStateSource(Protocol):
    async def fetch_app_state(self, session: str, fence: int, collection: str, version: int | None) -> AppStateFetched:
        """What has changed since `version` (None: all of it) goes to the listener as `AppStateItems`; then the answer.

        Raises EngineError; nothing is lost by that: the next fetch begins where Recado says.
        """


@runtime_checkable
class GroupSource(Protocol):
    async def groups(self, session: str, fence: int) -> list[Group]:
        """All groups that the session is in. Raises EngineError."""

    async def group(self, session: str, fence: int, chat: str) -> Group:
        """One group. Raises EngineError (`server` with 404 or 403 when it cannot be seen)."""


@runtime_checkable
class PictureSource(Protocol):
    async def picture(self, session: str, fence: int, jid: str, known: str | None, *, is_preview: bool) -> Picture:
        """The picture of a person or group, unless it is the known one. Raises EngineError."""


@runtime_checkable
class Conversing(Protocol):
    """What others see of us. All raise EngineError."""

    async def mark_read(
        self, session: str, fence: int, *, chat: str, sender: str | None, wa_ids: list[str], at: datetime
    ) -> None:
        """Send read receipts; `sender` is named in groups."""

    async def set_presence(self, session: str, fence: int, *, is_available: bool) -> None: ...

    async def set_typing(self, session: str, fence: int, *, chat: str, state: str) -> None: ...

    async def watch(self, session: str, fence: int, jid: str) -> None:
        """Ask for that person's presence from now on."""


@runtime_checkable
class PhoneSource(Protocol):
    async def ask_phone(self, session: str, fence: int) -> None:
        """Have the account's own phone give a sign if it is there, a receipt `is_from_phone`. Raises EngineError."""
