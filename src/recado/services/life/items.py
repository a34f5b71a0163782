"""What a session can be told, beside the engine's signals."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from recado.domain.engine import Probe, Signal, Snapshot

from .recorder import Lost

if TYPE_CHECKING:
    from .session import Session


@dataclass(frozen=True, slots=True)
class Begin:
    """The engine is there: go."""


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody has wished for something: read the row."""


@dataclass(frozen=True, slots=True)
class Yield:
    """The lease is another's now."""


@dataclass(frozen=True, slots=True)
class Guilty:
    """It brings the engine down."""


@dataclass(frozen=True, slots=True)
class NoDevice:
    """The engine opened the session and has no device for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The engine's picture of the session, asked for when the session was at `version`."""

    snapshot: Snapshot | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """The answer to a probe, None when there was none; `dial` is the connection that it was sent on."""

    probe: Probe | None
    sent_at: datetime
    dial: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Order:
    """Something that a caller waits for."""

    work: Callable[[Session], Awaitable[Any]]
    answer: asyncio.Future[Any]

    async def perform(self, session: Session) -> None:
        """What goes wrong is told to the caller alone, except a lost lease (raises Lost)."""
        try:
            result = await self.work(session)
        except Lost as error:
            self.refuse(error)
            raise
        except Exception as error:
            self.refuse(error)
        else:
            if not self.answer.done():
                self.answer.set_result(result)

    def refuse(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


Item: TypeAlias = Begin | Look | Yield | Guilty | NoDevice | Seen | Probed | Order | Signal
