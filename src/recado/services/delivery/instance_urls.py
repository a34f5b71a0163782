"""`whatsapp_instances.webhook_url` is a webhook for all events of its instance, whoever has written it."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Final

from recado.clock import Clock
from recado.domain import signature
from recado.domain.errors import Unavailable
from recado.services.bell import Bell
from recado.store import leases, log, webhooks
from recado.store.database import Database, Tx
from recado.store.webhooks import Misaligned

from .replay import take_over

LOOKS_EVERY: Final = timedelta(seconds=3)


async def align(tx: Tx, clock: Clock) -> int:
    """Make, change and remove webhooks until they are what the column says; how many were touched.

    A new one begins at the end of the log. Call it before appending events that the new URL shall hear of.
    """
    await webhooks.lock_urls(tx)
    rows = await webhooks.misaligned(tx)
    for row in rows:
        await _align_one(tx, clock, row)
    return len(rows)


async def _align_one(tx: Tx, clock: Clock, row: Misaligned) -> None:
    now = clock.now()
    if row.wanted_url is None and row.webhook_id is not None:
        await webhooks.remove(tx, row.webhook_id)
        await leases.remove(tx, "webhook", row.webhook_id)
    elif row.wanted_url is not None and row.webhook_id is not None:
        await take_over(tx, row.webhook_id, now)
        await webhooks.point(tx, row.webhook_id, url=row.wanted_url, now=now)
    elif row.wanted_url is not None:
        await webhooks.insert(
            tx,
            id=clock.new_id(),
            instance_id=row.instance_id,
            source="instance_url",
            url=row.wanted_url,
            secret=signature.secret_from(os.urandom(signature.SECRET_BYTES)),
            events=None,
            headers={},
            position=await log.head(tx),
            now=now,
        )


class InstanceUrls:
    """Looks every few seconds whether somebody has written the column past Recado."""

    def __init__(self, database: Database, clock: Clock, changes: Bell) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes

    async def run(self) -> None:
        while True:
            try:
                async with self._database.transaction() as tx:
                    touched = await align(tx, self._clock) if await webhooks.misaligned(tx) else 0
                if touched:
                    self._changes.ring()
            except Unavailable:
                pass
            await self._clock.sleep(LOOKS_EVERY)
