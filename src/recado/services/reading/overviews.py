"""How all of it runs: what the page of the figures shows, read in a few bounded statements."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta, tzinfo
from typing import Final
from uuid import UUID

from recado.clock import Clock
from recado.domain.access import Access
from recado.domain.figures import HOUR, Figures, Flow, Sizes, Span, begin_of, flow_of, hour_of
from recado.store import figures, hours
from recado.store.database import Database, Tx

_OPEN_HOURS: Final = 3
_SIZES_FOR: Final = timedelta(seconds=30)
_DAY: Final = timedelta(hours=24)


class Overviews:
    """Nine statements at most, however much there is."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._sizes: tuple[datetime, Sizes] | None = None

    async def figures(self, access: Access, span: Span, zone: tzinfo, *, webhook_ids: Collection[UUID] = ()) -> Figures:
        """Of the instance that the access is bound to, or of all; deliveries of these webhooks."""
        now, only = self._clock.now(), access.instance_id
        async with self._database.transaction() as tx:
            return Figures(
                flow=await self._flow(tx, only, span, zone, now),
                states=await figures.states(tx, only),
                queue=await figures.queue(tx, only),
                sizes=await self._sizes_now(tx, now) if only is None else None,
                deliveries=await figures.deliveries(tx, webhook_ids, now - _DAY) if webhook_ids else {},
            )

    async def _flow(self, tx: Tx, only: UUID | None, span: Span, zone: tzinfo, now: datetime) -> Flow:
        counted = await hours.counted(tx, begin_of(span, now, zone), only)
        first, last = await hours.open_from(tx, now), hour_of(now)
        still = [last - n * HOUR for n in range(_OPEN_HOURS) if last - n * HOUR >= first]
        is_behind = first < last - (_OPEN_HOURS - 1) * HOUR
        found, is_cut = await hours.uncounted(tx, still, only)
        return flow_of(span, [*counted, *found], now, zone, is_cut=is_cut or is_behind)

    async def _sizes_now(self, tx: Tx, now: datetime) -> Sizes:
        """Looked at every half minute: the server asks its file system for each of them."""
        if self._sizes is None or now - self._sizes[0] > _SIZES_FOR:
            self._sizes = (now, await figures.sizes(tx))
        return self._sizes[1]
