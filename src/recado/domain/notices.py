"""Notices that change rows, read from the library's JSON: names, pictures, groups.

Everything else, and what cannot be read, is passed on as it came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from .engine import Notice
from .groups import Action
from .jid import GROUP_SERVER, Identity, identity_of, parse_jid
from .sync import Group, GroupMember
from .texts import storable

_ACTIONS: Final[dict[str, Action]] = {
    "Join": "joined",
    "Leave": "left",
    "Promote": "promoted",
    "Demote": "demoted",
}
_LONGEST: Final = 2**31 - 1
_UNTOLD: Final = ("UnknownChanges", "Link", "Unlink")


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """Somebody goes by another name, or does business under one. `was` is what the library had heard before."""

    identity: Identity
    push_name: str | None = None
    business_name: str | None = None
    was: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureChanged:
    """`picture_id` is None when it was removed."""

    jid: str
    identity: Identity
    picture_id: str | None
    by: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChanged:
    """`changed` are new settings by the names of `domain.groups`; `crowds` what happened to whom.

    `is_told`: there is nothing more to it than that; else the group has to be asked for.
    """

    jid: str
    at: datetime | None
    by: Identity
    changed: Mapping[str, Any]
    crowds: tuple[tuple[Action, tuple[Identity, ...]], ...]
    is_deleted: bool
    is_told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEntered:
    """This number is in a group now, and this is the group."""

    group: Group
    by: Identity


Told = Renamed | PictureChanged | GroupChanged | GroupEntered


def read_notice(notice: Notice) -> Told | None:
    """What it says of people and groups; None when that is nothing, or cannot be read."""
    value = notice.value
    if not isinstance(value, Mapping):
        return None
    try:
        match notice.name:
            case "PushName":
                return _renamed(value, "push_name", "PushName")
            case "BusinessName":
                return _renamed(value, "business_name", "BusinessName")
            case "Picture":
                return _picture(value)
            case "GroupInfo":
                return _group_changed(value)
            case "JoinedGroup":
                return _group_entered(value)
            case _:
                return None
    except (TypeError, ValueError, AttributeError, KeyError):
        return None


def people_of(told: Told) -> Iterator[Identity]:
    """Everybody whom it names, but for whom nobody knows (a picture's owner)."""
    match told:
        case Renamed():
            yield told.identity
        case PictureChanged():
            return
        case GroupChanged():
            yield told.by
            for _, people in told.crowds:
                yield from people
        case GroupEntered():
            yield told.by
            yield told.group.owner or Identity()
            for member in told.group.members:
                yield member.identity


def group_of(told: Told) -> str | None:
    """The group that it is about."""
    match told:
        case GroupChanged():
            return told.jid
        case GroupEntered():
            return told.group.jid
        case _:
            return None


def _renamed(value: Mapping[str, Any], field: str, name: str) -> Renamed | None:
    new, was = _text(value, f"New{name}"), _text(value, f"Old{name}")
    identity = identity_of(_jid(value, "JID"), _jid(value, "JIDAlt"))
    if not new or not (identity.phone or identity.lid):
        return None
    return Renamed(identity=identity, was=was, **{field: new})


def _picture(value: Mapping[str, Any]) -> PictureChanged | None:
    jid = parse_jid(_jid(value, "JID"))
    if jid is None:
        return None
    picture_id = None if value.get("Remove") is True else _text(value, "PictureID")
    author = identity_of(_jid(value, "Author"))
    return PictureChanged(jid=str(jid.bare), identity=identity_of(str(jid)), picture_id=picture_id, by=author)


def _group_changed(value: Mapping[str, Any]) -> GroupChanged | None:
    jid = parse_jid(_jid(value, "JID"))
    if jid is None or jid.server != GROUP_SERVER:
        return None
    crowds = tuple(
        (action, people)
        for name, action in _ACTIONS.items()
        if (people := tuple(who for one in value.get(name) or () if (who := identity_of(one)) != Identity()))
    )
    changed = _settings(value)
    is_deleted = _part(value, "Delete").get("Deleted") is True
    has_strangers = any(action == "joined" and any(not one.phone for one in people) for action, people in crowds)
    is_told = bool(changed or crowds or is_deleted) and not has_strangers
    return GroupChanged(
        jid=str(jid.bare),
        at=_moment(value.get("Timestamp")),
        by=identity_of(_jid(value, "Sender"), _jid(value, "SenderPN")),
        changed=changed,
        crowds=crowds,
        is_deleted=is_deleted,
        is_told=is_told and not any(value.get(name) for name in _UNTOLD),
    )


def _settings(value: Mapping[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if value.get("Name"):
        changed["subject"] = _text(_part(value, "Name"), "Name")
    if value.get("Topic"):
        topic = _part(value, "Topic")
        changed["description"] = None if topic.get("TopicDeleted") is True else _text(topic, "Topic")
    if value.get("Announce"):
        changed["is_announce"] = _part(value, "Announce").get("IsAnnounce") is True
    if value.get("Locked"):
        changed["is_locked"] = _part(value, "Locked").get("IsLocked") is True
    if value.get("Ephemeral"):
        changed["ephemeral_seconds"] = _ephemeral(_part(value, "Ephemeral"))
    return changed


def _group_entered(value: Mapping[str, Any]) -> GroupEntered | None:
    jid = parse_jid(_jid(value, "JID"))
    if jid is None or jid.server != GROUP_SERVER:
        return None
    owner = identity_of(_jid(value, "OwnerJID"), _jid(value, "OwnerPN"))
    group = Group(
        jid=str(jid.bare),
        subject=_text(value, "Name") or "",
        description=_text(value, "Topic"),
        owner=owner if owner != Identity() else None,
        created_at=_moment(value.get("GroupCreated")),
        is_announce=value.get("IsAnnounce") is True,
        is_locked=value.get("IsLocked") is True,
        ephemeral_s=_ephemeral(value),
        members=tuple(_members(value)),
    )
    return GroupEntered(group=group, by=identity_of(_jid(value, "Sender"), _jid(value, "SenderPN")))


def _members(value: Mapping[str, Any]) -> Iterator[GroupMember]:
    for one in value.get("Participants") or ():
        identity = identity_of(_jid(one, "JID"), _jid(one, "PhoneNumber"), _jid(one, "LID"))
        if identity != Identity():
            role = "superadmin" if one.get("IsSuperAdmin") else "admin" if one.get("IsAdmin") else "member"
            yield GroupMember(identity=identity, role=role)


def _ephemeral(value: Mapping[str, Any]) -> int:
    seconds = int(value.get("DisappearingTimer") or 0) if value.get("IsEphemeral") is True else 0
    return min(max(seconds, 0), _LONGEST)


def _part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = value.get(name)
    return part if isinstance(part, Mapping) else {}


def _jid(value: Mapping[str, Any], name: str) -> str:
    jid = value.get(name)
    return jid if isinstance(jid, str) else ""


def _text(value: Mapping[str, Any], name: str) -> str | None:
    text = value.get(name)
    return storable(text) or None if isinstance(text, str) else None


def _moment(text: object) -> datetime | None:
    """RFC 3339 as Go writes it; None for its zero."""
    if not isinstance(text, str) or text.startswith("0001-"):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
