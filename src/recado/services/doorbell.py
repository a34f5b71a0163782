"""The doorbell between processes on one database: whoever listens is told at once of what another has committed.

It is a convenience: who relies on it looks by himself now and then, for a ring can be missed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from uuid import UUID

import structlog

from recado.clock import Clock
from recado.domain.errors import Unavailable
from recado.domain.retries import storage_wait
from recado.store import rings
from recado.store.database import Database
from recado.store.rings import Topic

Listener = Callable[[UUID], None]

log = structlog.get_logger()


class Doorbell:
    """Rings of this process are heard too."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._listeners: dict[str, list[Listener]] = defaultdict(list)

    def hear(self, topic: Topic, listener: Listener) -> None:
        """Call `listener` with what each ring is about; it must not block and must not raise."""
        self._listeners[topic].append(listener)

    async def run(self) -> None:
        tries = 0
        while True:
            try:
                async with self._database.hearing(rings.CHANNEL) as payloads:
                    tries = 0
                    async for payload in payloads:
                        self._pass_on(payload)
            except Unavailable as error:
                tries += 1
                log.info("doorbell.database_away", error=error.detail, tries=tries)
            await self._clock.sleep(storage_wait(tries))

    def _pass_on(self, payload: str) -> None:
        said = rings.read(payload)
        if said is None:
            return
        topic, subject = said
        for listener in self._listeners[topic]:
            listener(subject)
