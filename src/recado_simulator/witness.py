"""A witness: what a played device was told of others, in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from recado_simulator.jid import Jid

KEPT = 10_000
Kind = Literal["presence", "typing", "receipt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """`who` is a number, `at` seconds since 1970 UTC.

    `state` of a presence: available, unavailable; of typing: composing, recording, paused; of a receipt its type
    (delivery, inactive, read, played …), with the `ids` it is about. `chat` is the address it came for, or the group.
    """

    kind: Kind
    who: str
    state: str
    at: float
    chat: Jid | None = None
    ids: tuple[str, ...] = ()


class Witness:
    """Iterates over its sightings, the last 10,000 of them. `who` is a handset or a number."""

    def __init__(self) -> None:
        self._sightings: deque[Sighting] = deque(maxlen=KEPT)
        self._waiting: list[tuple[Callable[[Witness], Any], asyncio.Future[None]]] = []

    def __iter__(self) -> Iterator[Sighting]:
        return iter(list(self._sightings))

    def __len__(self) -> int:
        return len(self._sightings)

    def presence(self, who: object) -> str | None:
        """The last presence told of an account; None when nothing was."""
        return self._last("presence", who)

    def typing(self, who: object) -> str | None:
        """The last typing state told of an account; None when nothing was."""
        return self._last("typing", who)

    def receipts(self, who: object, type: str | None = None) -> list[Sighting]:
        """The receipts of an account, all or those of one type."""
        return [one for one in self if one.kind == "receipt" and one.who == str(who) and type in (None, one.state)]

    def add(self, sighting: Sighting) -> None:
        self._sightings.append(sighting)
        for holds, done in self._waiting:
            if not done.done() and holds(self):
                done.set_result(None)

    async def wait(self, condition: Callable[[Witness], Any], timeout: float = 60) -> None:
        """Returns once the condition holds; `timeout` (seconds) only guards against hanging. Raises TimeoutError."""
        if condition(self):
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (condition, done)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(timeout):
                await done
        except TimeoutError:
            raise TimeoutError(f"never seen; the last of {len(self)}: {list(self)[-5:]}") from None
        finally:
            self._waiting.remove(entry)

    def _last(self, kind: Kind, who: object) -> str | None:
        return next((one.state for one in reversed(self._sightings) if (one.kind, one.who) == (kind, str(who))), None)
