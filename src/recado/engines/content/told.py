"""What a reader of one kind finds in a message's body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from recado.domain.media import Media


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`text` is what was written; `details` what else there is to show; `target` the id of the message it is about."""

    text: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    media: Media | None = None
    target: str | None = None


Reader: TypeAlias = Callable[[Mapping[str, Any]], Told]
