"""Work on a database that may be away: done again until it is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from recado.clock import Clock
from recado.domain.errors import Unavailable
from recado.domain.retries import storage_wait

T = TypeVar("T")
_log = structlog.get_logger()


async def patiently(clock: Clock, what: str, work: Callable[[], Awaitable[T]]) -> T:
    """Do `work` as often as it takes; `what` is its name in the log. What is no matter of availability is raised."""
    tries = 0
    while True:
        try:
            return await work()
        except Unavailable as error:
            tries += 1
            _log.warning("database.awaited", what=what, error=error.detail, tries=tries)
            await clock.sleep(storage_wait(tries))
