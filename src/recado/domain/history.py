"""The history of a phone: the pieces it comes in, how far it has come, and older messages that somebody asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from .changes import Occasion
from .events import HISTORY_PROGRESS, NewEvent

FIRST_TYPES: Final = frozenset({"INITIAL_BOOTSTRAP", "RECENT", "FULL"})
"""The kinds of pieces that carry the chats and messages of a first sync, and its percent."""
HOPELESS: Final = frozenset({"gone", "file"})
"""Errors of the engine after which a piece is lost."""
REQUEST_ENDS_AFTER: Final = timedelta(seconds=60)
MOST_AT_ONCE: Final = 500

BEGUN: Final = "history_begun"
COMPLETE: Final = "history_complete"
PIECE_LOST: Final = "history_piece_lost"
"""What the timeline says of it."""

_FARTHEST: Final = 1 << 51

PieceState = Literal["waiting", "stored", "done", "lost"]
HistoryState = Literal["none", "running", "partial", "complete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A row of `recado.history_pieces`, its notification apart. `added` of its messages had not been there before."""

    id: UUID
    sync_type: str
    chunk_order: int
    progress: int
    request: str | None
    state: PieceState
    attempts: int
    next_at: datetime | None
    error: str | None
    conversations: int
    messages: int
    added: int
    skipped: int
    offered_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How much of the phone's last offer is stored: all its pieces, whatever their order.

    `percent` is how far it is stored without a hole, as the phone counts; `messages` had not been there before.
    """

    pieces: int = 0
    waiting: int = 0
    lost: int = 0
    percent: int | None = None
    chats: int = 0
    messages: int = 0

    @property
    def state(self) -> HistoryState:
        """`partial`: all that was offered is there, and the phone has not said that it was everything."""
        if not self.pieces:
            return "none"
        if self.waiting:
            return "running"
        return "complete" if (self.percent or 0) >= 100 else "partial"

    @property
    def is_over(self) -> bool:
        """What comes now belongs to another sync."""
        return self.state in ("none", "complete")


@dataclass(frozen=True, slots=True, kw_only=True)
class OlderMessages:
    """A row of `recado.history_requests`: older messages of a chat, asked of the phone.

    `asked` becomes `answered` (with the number of `messages` that had not been there), `timeout` or `failed`; an answer
    that comes after the timeout is taken all the same.
    """

    id: UUID
    chat_id: UUID
    count: int
    state: Literal["asked", "answered", "timeout", "failed"]
    messages: int | None
    error: str | None
    asked_at: datetime
    until: datetime
    ended_at: datetime | None


def tiebreak_of(place: int) -> int:
    """What orders a message of the past in its second: by its place in the chat, before all that came live."""
    return max(-_FARTHEST, min(place, _FARTHEST)) - 2 * _FARTHEST


def history_json(history: History) -> dict[str, Any]:
    """How far it is, in the API and in events."""
    return {
        "state": history.state,
        "percent": history.percent,
        "chats": history.chats,
        "messages": history.messages,
        "lost": history.lost,
    }


def progress_event(on: Occasion, history: History, *, piece_id: UUID, sync_type: str, is_lost: bool) -> NewEvent:
    """A piece is stored, or lost; `history` is how far all of it is now."""
    piece = {"id": str(piece_id), "sync_type": sync_type, "state": "lost" if is_lost else "stored"}
    return on.event(HISTORY_PROGRESS, history_json(history) | {"piece": piece})
