"""A webhook: an address that hears of events, and what is needed to post to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from .events import LoggedEvent

Source = Literal["api", "instance_url"]
State = Literal["active", "paused", "disabled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A row of `recado.webhooks` without its secrets.

    `instance_id` None: events of all instances. `events` None: all types. `failing_since` is set while its receiver
    is down as a whole. `position` is where its cursor stands.
    """

    id: UUID
    instance_id: UUID | None
    source: Source
    url: str
    events: frozenset[str] | None
    headers: Mapping[str, str]
    state: State
    state_reason: str | None
    position: int
    failing_since: datetime | None
    created_at: datetime
    updated_at: datetime

    def wants(self, event: LoggedEvent) -> bool:
        return (self.instance_id is None or event.instance_id == self.instance_id) and (
            self.events is None or event.type in self.events
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to post and how to sign: the newest secret first, a second one during a rotation."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = field(repr=False)
