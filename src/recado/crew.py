"""The tasks that live as long as Recado: started in an order, ended in the reverse one, and none dies unheard."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeAlias

import structlog

from recado.domain.errors import RecadoError

Life: TypeAlias = Callable[[], Awaitable[Any]]
"""What a member does; it is not expected to return."""

log = structlog.get_logger(__name__)

PATIENCE: Final = timedelta(seconds=12)
FAREWELL: Final = timedelta(seconds=16)


class Crashed(RecadoError):
    """A part that has to live has ended; the log has the whole story."""


class Crew:
    """Members of one TaskGroup: when one ends by itself, all of them end and `crew` raises."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self._tasks = tasks
        self._members: list[asyncio.Task[None]] = []

    def add(self, name: str, life: Life) -> None:
        """Let it live from now on; it is ended before those that were added earlier."""
        self._members.append(self._tasks.create_task(_mind(name, life), name=name))

    async def dismiss(self) -> None:
        """End one after the other, the last one first; each may finish what it has in hand.

        For all of them together there is FAREWELL; who comes after that has no time for anything.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + FAREWELL.total_seconds()
        while self._members:
            member = self._members.pop()
            member.cancel()
            patience = min(PATIENCE.total_seconds(), max(0.0, end - loop.time()))
            _, late = await asyncio.wait({member}, timeout=patience)
            if late:
                log.error("part.does_not_end", part=member.get_name())
                member.cancel()


@contextlib.asynccontextmanager
async def crew() -> AsyncIterator[Crew]:
    """A crew until the end of the block.

    Raises what the block raises; when a member ends by itself the block is cancelled, and this raises the member's
    RecadoError, or Crashed.
    """
    failure: Exception | None = None
    try:
        async with asyncio.TaskGroup() as tasks:
            members = Crew(tasks)
            try:
                yield members
            except Exception as error:
                failure = error
            finally:
                await members.dismiss()
    except BaseExceptionGroup as group:
        raise _cause(group) from group
    if failure is not None:
        raise failure


async def _mind(name: str, life: Life) -> None:
    try:
        await life()
    except RecadoError:
        raise
    except Exception as error:
        log.critical("part.crashed", part=name, exc_info=error)
        raise Crashed(
            "part_crashed",
            f"A part of Recado ({name}) has failed: {type(error).__name__}: {error}",
            hint="Its log says where. Start Recado again; nothing that was accepted is lost.",
        ) from error
    raise Crashed("part_crashed", f"A part of Recado ({name}) has ended by itself.", hint="Start Recado again.")


def _cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error that is ours, at whatever depth; else the first one."""
    for error in group.exceptions:
        found = _cause(error) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, RecadoError):
            return found
    first = group.exceptions[0]
    return _cause(first) if isinstance(first, BaseExceptionGroup) else first
