"""Which messages somebody wants to see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .messages import ASIDES


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """Everything that is None is left open. `since` is the first moment, `until` the first one after."""

    kinds: tuple[str, ...] | None = None
    from_me: bool | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def has_asides(self) -> bool:
        """Reactions, edits and the like are shown only to whoever asks for their kind."""
        return bool(self.kinds) and not ASIDES.isdisjoint(self.kinds or ())
