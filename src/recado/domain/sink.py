"""The Sink seam: somewhere an event can go.

A sink must not: raise for what the other end does, retry by itself, reorder, keep an event after it has answered for
it, or know the log, cursors and schedules. `tests/sinks/contract.py` is what every sink has to pass.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

from .delivery import Outcome
from .errors import RecadoError
from .events import LoggedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """An event with its envelope as JSON, made once for all who get it."""

    event: LoggedEvent
    body: bytes = field(repr=False)


class Sink(Protocol):
    """One receiver. Calls may run at the same time; the caller keeps the order that it wants."""

    async def deliver(self, parcel: Parcel) -> Outcome:
        """Hand it over and say what came of it, within a time that the sink bounds. Raises only CancelledError."""

    async def close(self) -> None:
        """Let go of the receiver; what is delivered afterwards is Refused."""


class LiveStream(Sink, Protocol):
    """A sink whose receiver reads from it in this process."""

    @property
    def ended(self) -> Dropped | None:
        """Why it has ended, None while it has not."""

    def put(self, parcel: Parcel) -> Outcome:
        """Deliver without waiting: the answer is known at once."""

    def drop(self, code: str, detail: str) -> None:
        """End it: the reader gets Dropped in place of what it has not read yet."""

    def parcels(self) -> AsyncIterator[Parcel]:
        """What has been delivered, in that order, until the stream is ended. Raises Dropped."""


class AddressRules(Protocol):
    """Which receivers may be called at all."""

    async def check(self, url: str) -> None:
        """Raises Invalid when the URL is not http(s), does not resolve, or leads to a private address."""


class Dropped(RecadoError):
    """A live stream was ended by Recado: the client was too slow, its key was revoked, or Recado is going down."""

    status = 410
