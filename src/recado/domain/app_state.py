"""What an entry of app state means: a name in the address book, or how a chat is kept. All others are only kept.

An entry is an index (`["contact", jid]`) and the protojson of its `SyncActionValue`. Of a person with two JIDs there
can be two entries of a kind: the later one counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from .chats import FOREVER, storable_jid
from .jid import Identity, identity_of, parse_jid
from .texts import storable

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Somebody is in the address book. `identity` is all that the entry says of who it is."""

    subject: str
    at: datetime
    identity: Identity
    name: str | None
    first_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    subject: str
    at: datetime
    is_archived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """`pinned_at` is None when it is not pinned any more."""

    subject: str
    at: datetime
    pinned_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted:
    """`until` is FOREVER for ever, None when it is not muted any more."""

    subject: str
    at: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """The owner has read the chat up to `read_until`, or marked it as unread (None)."""

    subject: str
    at: datetime
    read_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnName:
    """What the owner is called by everybody else."""

    name: str


Flag = Archived | Pinned | Muted
Meaning = Named | Flag | Marked | OwnName
_M = TypeVar("_M", Named, Archived, Pinned, Muted, Marked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """How a chat is kept, as far as there are entries of it (None: there is none)."""

    archived: Archived | None = None
    pinned: Pinned | None = None
    muted: Muted | None = None
    marked: Marked | None = None

    @property
    def is_silent(self) -> bool:
        return not (self.archived or self.pinned or self.muted or self.marked)


def meaning_of(index: Sequence[str], value: Mapping[str, Any]) -> Meaning | None:
    """What an entry says; None for those that are only kept, and for what cannot be read."""
    at = _moment(value.get("timestamp"), 1000) or BEGINNING
    match list(index):
        case ["contact", jid]:
            return _named(jid, at, _part(value, "contactAction"))
        case ["archive", jid]:
            return Archived(
                subject=subject_of(jid), at=at, is_archived=_part(value, "archiveChatAction").get("archived") is True
            )
        case ["pin_v1", jid]:
            is_pinned = _part(value, "pinAction").get("pinned") is True
            return Pinned(subject=subject_of(jid), at=at, pinned_at=at if is_pinned else None)
        case ["mute", jid]:
            return Muted(subject=subject_of(jid), at=at, until=_muted_until(_part(value, "muteAction")))
        case ["markChatAsRead", jid]:
            return Marked(
                subject=subject_of(jid), at=at, read_until=_read_until(_part(value, "markChatAsReadAction"), at)
            )
        case ["setting_pushName"]:
            name = _text(_part(value, "pushNameSetting"), "name")
            return OwnName(name=name) if name else None
        case _:
            return None


def subject_of(jid: str) -> str:
    """The JID that an entry speaks of, in the one form that it is looked for."""
    parsed = parse_jid(jid)
    return storable_jid(str(parsed.bare) if parsed is not None else jid)


def card_of(meanings: Iterable[Meaning]) -> Named | None:
    """The entry that names a person."""
    return _latest(one for one in meanings if isinstance(one, Named))


def flags_of(meanings: Iterable[Meaning]) -> Flags:
    """How a chat is kept."""
    told = list(meanings)
    return Flags(
        archived=_latest(one for one in told if isinstance(one, Archived)),
        pinned=_latest(one for one in told if isinstance(one, Pinned)),
        muted=_latest(one for one in told if isinstance(one, Muted)),
        marked=_latest(one for one in told if isinstance(one, Marked)),
    )


def _latest(told: Iterable[_M]) -> _M | None:
    return max(told, key=lambda one: (one.at, one.subject), default=None)


def _named(jid: str, at: datetime, action: Mapping[str, Any]) -> Named | None:
    identity = identity_of(jid, _text(action, "lidJID"), _text(action, "pnJID"))
    if not (identity.phone or identity.lid):
        return None
    full, first = _text(action, "fullName"), _text(action, "firstName")
    return Named(subject=subject_of(jid), at=at, identity=identity, name=full or first, first_name=first)


def _muted_until(action: Mapping[str, Any]) -> datetime | None:
    if action.get("muted") is not True:
        return None
    return _moment(action.get("muteEndTimestamp"), 1000) or FOREVER


def _read_until(action: Mapping[str, Any], at: datetime) -> datetime | None:
    if action.get("read") is not True:
        return None
    return _moment(_part(action, "messageRange").get("lastMessageTimestamp"), 1) or at


def _moment(number: object, units: int) -> datetime | None:
    """A time in so many units a second, as protojson has it (a text); None when it is none, or -1."""
    try:
        count = int(str(number))
        return datetime.fromtimestamp(count / units, UTC) if count > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = value.get(name)
    return part if isinstance(part, Mapping) else {}


def _text(value: Mapping[str, Any], name: str) -> str | None:
    text = value.get(name)
    return storable(text).strip() or None if isinstance(text, str) else None
