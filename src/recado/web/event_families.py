"""The types of events in the families that people choose by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from recado.domain.events import EVENT_TYPES

from .look import Look
from .words import ALL

FAMILIES: Final[Mapping[str, Sequence[str]]] = {
    "message": ("message.*",),
    "instance": ("instance.*",),
    "chat": ("chat.*",),
    "contact": ("contact.*", "contacts.*"),
    "group": ("group.*",),
    "history": ("history.*",),
    "webhook": ("webhook.*",),
    "system": ("database.*", "engine.*"),
}
_BY_START: Final = {wish.removesuffix("*"): name for name, wishes in FAMILIES.items() for wish in wishes}


def family_of(type: str) -> str:
    """The family of a type; `system` for one that is of none."""
    return _BY_START.get(type.partition(".")[0] + ".", "system")


def type_name(look: Look, type: str) -> str:
    """What people call it; the type itself when it has no name."""
    key = f"events.type.{type}"
    return look.t(key) if key in ALL else type


def types_of(family: str) -> frozenset[str] | None:
    """The types of that family; None, for all, when there is no such family."""
    if family not in FAMILIES:
        return None
    return frozenset(type for type in EVENT_TYPES if family_of(type) == family)
