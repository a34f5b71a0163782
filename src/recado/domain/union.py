"""When chats become one: which messages are the same, and how those that only share an id are told apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from uuid import UUID

from .status import RANK


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A message that will stand beside others of its `key`. `is_held`: the send queue or a caller's key names its id.

    `raw` is None when there are no bytes, as for what was written here. One that `is_edited` says something else than
    it did at first.
    """

    id: UUID
    key: Hashable
    kind: str
    text: str | None
    raw: bytes | None
    variant: int
    status: str
    is_edited: bool = False
    is_held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Union:
    """`doubles`: id of the double → id of the one that stays. `variants` and `statuses`: what changes, by id."""

    doubles: dict[UUID, UUID]
    variants: dict[UUID, int]
    statuses: dict[UUID, str]


def is_same_content(one: Copy, other: Copy) -> bool:
    """Equal text is equal content, however it is wrapped; else the kind and, where known of both, the bytes decide.

    What one of them said at first is not known when it was edited: its id alone counts then.
    """
    if one.is_edited or other.is_edited:
        return True
    if one.text is not None or other.text is not None:
        return one.text == other.text
    return one.kind == other.kind and (one.raw is None or other.raw is None or one.raw == other.raw)


def unite(copies: Iterable[Copy]) -> Union:
    """Of equal ones the oldest id stays, or the one that was edited, with the status that is furthest.

    Different ones get variants of their own.
    """
    union = Union(doubles={}, variants={}, statuses={})
    groups: dict[Hashable, list[Copy]] = defaultdict(list)
    for copy in copies:
        groups[copy.key].append(copy)
    for group in groups.values():
        _unite(sorted(group, key=lambda copy: (not copy.is_held, not copy.is_edited, copy.id)), union)
    return union


def _unite(group: list[Copy], union: Union) -> None:
    kept: list[Copy] = []
    free = max(copy.variant for copy in group) + 1
    for copy in group:
        first = next((one for one in kept if is_same_content(one, copy)), None)
        if first is None:
            if any(copy.variant == union.variants.get(one.id, one.variant) for one in kept):
                union.variants[copy.id] = free
                free += 1
            kept.append(copy)
            continue
        union.doubles[copy.id] = first.id
        if RANK[copy.status] > RANK[union.statuses.get(first.id, first.status)]:
            union.statuses[first.id] = copy.status
