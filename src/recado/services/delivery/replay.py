"""Delivering again what a webhook has had, or should have had, before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recado.domain.delivery import MOST_PARKED
from recado.domain.errors import Conflict, Invalid, NotFound
from recado.domain.webhooks import Webhook, event_types
from recado.store import deliveries, leases, log, webhooks
from recado.store.database import Tx

from .parcels import position_gone


async def take_over(tx: Tx, webhook_id: UUID, now: datetime) -> None:
    """Take the webhook from its courier, so that nothing which that one still notes overwrites what is written now."""
    await deliveries.fence_off(tx, webhook_id, await leases.evict(tx, "webhook", webhook_id))
    await webhooks.touch(tx, webhook_id, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be delivered again: exactly one of one position, all that failed, all after a position, or a span.

    A span begins at `begin`; without `end` it reaches to the present.
    """

    position: int | None = None
    failed: bool = False
    since: int | None = None
    begin: datetime | None = None
    end: datetime | None = None

    def check(self) -> None:
        """Raises Invalid."""
        asked = [self.position is not None, self.failed, self.since is not None, self.begin is not None]
        if asked.count(True) != 1 or (self.end is not None and self.begin is None):
            raise Invalid(
                "ambiguous_replay",
                "Ask for exactly one of position, failed, since, and from (with until or without).",
                field="position",
            )
        if self.begin is not None and self.end is not None and self.end <= self.begin:
            raise Invalid("wrong_span", "The span ends before it begins.", field="until")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Delivering again for one webhook."""

    tx: Tx
    webhook: Webhook
    now: datetime

    async def do(self, wish: Wish) -> int:
        """How many are delivered again. Raises NotFound, Conflict, Gone, Invalid."""
        if wish.position is not None:
            return await self._one(wish.position)
        if wish.since is not None:
            return await self._since(wish.since)
        if wish.begin is not None:
            return await self._span(wish.begin, wish.end)
        return await self._failed()

    async def _one(self, position: int) -> int:
        if position > self.webhook.position:
            raise Conflict("not_reached", f"The webhook is at {self.webhook.position}: it will come to {position} yet.")
        events = await log.read(self.tx, position - 1, 1, instance_id=self.webhook.instance_id, types=self._types)
        if not events or events[0].position != position:
            raise NotFound("unknown_event", f"No event of this webhook stands at position {position} of the log.")
        await take_over(self.tx, self.webhook.id, self.now)
        await deliveries.replay_one(self.tx, self.webhook.id, position, now=self.now)
        return 1

    async def _failed(self) -> int:
        await take_over(self.tx, self.webhook.id, self.now)
        await deliveries.forget_dead(self.tx, await log.oldest(self.tx))
        return await deliveries.replay_failed(self.tx, self.webhook.id, now=self.now)

    async def _since(self, position: int) -> int:
        oldest = await log.oldest(self.tx)
        if position < oldest - 1:
            raise position_gone(position, oldest)
        await take_over(self.tx, self.webhook.id, self.now)
        await deliveries.rewind(self.tx, self.webhook.id, position, now=self.now)
        reached = self.webhook.position
        return await log.count(self.tx, position, reached, instance_id=self.webhook.instance_id, types=self._types)

    async def _span(self, begin: datetime, end: datetime | None) -> int:
        places = await self._places(begin, end, limit=1 if end is None else MOST_PARKED + 1)
        if not places:
            return 0
        if end is None:
            return await self._since(places[0].position - 1)
        if len(places) > MOST_PARKED:
            raise Invalid(
                "span_too_long",
                f"That span has more than {MOST_PARKED} events, as many as can be delivered again out of turn.",
                field="until",
                hint=f"Choose a shorter one, or deliver all again with since={places[0].position - 1}.",
                since=places[0].position - 1,
                most=MOST_PARKED,
            )
        await take_over(self.tx, self.webhook.id, self.now)
        await deliveries.replay_places(self.tx, self.webhook.id, places, now=self.now)
        return len(places)

    async def _places(self, begin: datetime, end: datetime | None, *, limit: int) -> list[log.Place]:
        return await log.within(
            self.tx,
            begin,
            end,
            until=self.webhook.position,
            limit=limit,
            instance_id=self.webhook.instance_id,
            types=self._types,
        )

    @property
    def _types(self) -> frozenset[str] | None:
        return event_types(self.webhook.events)
