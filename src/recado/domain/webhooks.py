"""A webhook: an address that hears of events, and what is needed to post to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from .errors import Invalid
from .events import EVENT_TYPES, NewEvent

Source = Literal["api", "instance_url"]
State = Literal["active", "paused", "disabled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A row of `recado.webhooks` without its secrets.

    `instance_id` None: events of all instances. `events` None: all types; else types and families (`message.*`).
    `failing_since` is set while its receiver is down as a whole. `position` is where its cursor stands; `waiting` and
    `dead` count the deliveries before it that are to be tried again, and those that were given up.
    """

    id: UUID
    instance_id: UUID | None
    instance_name: str | None
    source: Source
    url: str
    events: Sequence[str] | None
    headers: Mapping[str, str]
    state: State
    state_reason: str | None
    position: int
    waiting: int
    dead: int
    failing_since: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to post and how to sign: the newest secret first, a second one during a rotation."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = field(repr=False)


def webhook_event(webhook: Webhook, type: str, *, id: UUID, time: datetime, **data: Any) -> NewEvent:
    """An event about a webhook itself: which one, the host that it posts to, and more `data`."""
    return NewEvent(
        id=id,
        type=type,
        time=time,
        instance_id=webhook.instance_id,
        instance_name=webhook.instance_name,
        data={"webhook_id": str(webhook.id), "host": urlsplit(webhook.url).hostname, **data},
    )


def event_types(wishes: Iterable[str] | None, field: str = "events") -> frozenset[str] | None:
    """The types meant by names and families (`message.*`); None when all are. Raises Invalid, naming `field`."""
    if wishes is None:
        return None
    chosen: set[str] = set()
    for wish in wishes:
        family = wish.removesuffix("*")
        meant = {name for name in EVENT_TYPES if name == wish or (family != wish and name.startswith(family))}
        if not meant:
            known = ", ".join(EVENT_TYPES)
            raise Invalid(
                "unknown_event_type", f"There is no event type {wish!r}.", field=field, hint=f"Known: {known}"
            )
        chosen |= meant
    return frozenset(chosen)
