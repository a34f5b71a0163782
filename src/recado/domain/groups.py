"""A group as its row and its members have it, and what a description or a change makes of that. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from .chats import Chat
from .contacts import Contact
from .sync import Group

Action = Literal["joined", "left", "promoted", "demoted"]
MEMBER: Final = "member"
_HEADS: Final = frozenset({"admin", "superadmin"})
_SETTINGS: Final = ("subject", "description", "is_announce", "is_locked", "ephemeral_seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupState:
    """What the tables say of a group. `members` are roles by contact; none are known of one never described."""

    subject: str | None = None
    description: str | None = None
    owner_id: UUID | None = None
    is_announce: bool = False
    is_locked: bool = False
    ephemeral_seconds: int = 0
    left_at: datetime | None = None
    members: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """People to whom one thing happened."""

    action: Action
    people: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is other than before, as it is told. `own` is what became of this number in the group."""

    changed: Mapping[str, Any] = field(default_factory=dict)
    crowds: Sequence[Crowd] = ()
    own: Literal["joined", "left"] | None = None

    @property
    def is_nothing(self) -> bool:
        return not (self.changed or self.crowds or self.own)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """A group as people ask for it. `members` come only with a group that was asked for by itself."""

    chat: Chat
    description: str | None
    owner: Contact | None
    is_announce: bool
    is_locked: bool
    ephemeral_seconds: int
    left_at: datetime | None
    member_count: int
    members: Sequence[tuple[Contact, str]] = ()


def describe(
    before: GroupState,
    group: Group,
    members: Mapping[UUID, str],
    owner_id: UUID | None,
    *,
    is_in: bool,
    is_entry: bool = False,
) -> tuple[GroupState, Difference]:
    """The network has described it. `members` are the group's, as contacts; `is_in`: this number is one of them.

    `is_entry`: it is described because this number has just come in, which is told even when a list was faster.
    """
    after = GroupState(
        subject=group.subject or before.subject,
        description=group.description,
        owner_id=owner_id or before.owner_id,
        is_announce=group.is_announce,
        is_locked=group.is_locked,
        ephemeral_seconds=group.ephemeral_s,
        left_at=None if is_in else before.left_at,
        members=members,
    )
    crowds = _crowds(before.members, members) if before.members else ()
    if is_in and (is_entry or before.left_at is not None):
        return after, Difference(own="joined")
    return after, Difference(changed=_changed(before, after), crowds=crowds)


def change(
    before: GroupState,
    changed: Mapping[str, Any],
    crowds: Sequence[Crowd],
    own: Collection[UUID],
    at: datetime,
    *,
    is_deleted: bool = False,
) -> tuple[GroupState, Difference]:
    """The network has told of a change. `own` are the contacts that are this number itself."""
    members = dict(before.members)
    told: list[Crowd] = []
    own_step: Literal["joined", "left"] | None = "left" if is_deleted and before.left_at is None else None
    for crowd in crowds:
        people = dict.fromkeys(crowd.people)
        moved = tuple(one for one in people if _move(members, one, crowd.action) or not before.members)
        others = tuple(one for one in moved if one not in own or crowd.action in ("promoted", "demoted"))
        if others:
            told.append(Crowd(action=crowd.action, people=others))
        if any(one in own for one in crowd.people):
            own_step = _own_step(before, crowd.action) or own_step
    left_at = {"left": at, "joined": None, None: before.left_at}[own_step]
    settings = {name: value for name, value in changed.items() if name in _SETTINGS}
    after = replace(before, **settings, members=members, left_at=left_at)
    return after, Difference(changed=_changed(before, after), crowds=told, own=own_step)


def leave(before: GroupState, at: datetime) -> GroupState:
    """This number is not in it any more, and nobody has said so."""
    return replace(before, left_at=before.left_at or at)


def _own_step(before: GroupState, action: Action) -> Literal["joined", "left"] | None:
    if action == "left" and before.left_at is None:
        return "left"
    return "joined" if action == "joined" and before.left_at is not None else None


def _move(members: dict[UUID, str], one: UUID, action: Action) -> bool:
    """Do it; False when it was so already. Of somebody of whom nothing was known only their place is."""
    was = members.get(one)
    match action:
        case "left":
            return members.pop(one, None) is not None
        case "joined":
            members.setdefault(one, MEMBER)
            return was is None
        case "promoted":
            members[one] = was if was in _HEADS else "admin"
            return was not in _HEADS
        case "demoted":
            members[one] = MEMBER
            return was != MEMBER


def _changed(before: GroupState, after: GroupState) -> dict[str, Any]:
    return {name: now for name in _SETTINGS if (now := getattr(after, name)) != getattr(before, name)}


def _crowds(before: Mapping[UUID, str], after: Mapping[UUID, str]) -> list[Crowd]:
    heads = {one for one, role in after.items() if role in _HEADS}
    former = {one for one, role in before.items() if role in _HEADS}
    both = before.keys() & after.keys()
    steps: dict[Action, set[UUID]] = {
        "joined": after.keys() - before.keys(),
        "left": before.keys() - after.keys(),
        "promoted": heads - former & both,
        "demoted": (former - heads) & both,
    }
    steps["promoted"] &= both
    return [Crowd(action=action, people=tuple(sorted(people))) for action, people in steps.items() if people]
