"""Delivering again what a webhook has had, or should have had, before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recado.domain.errors import Conflict, Gone, NotFound
from recado.domain.webhooks import Webhook, event_types
from recado.store import deliveries, leases, log, webhooks
from recado.store.database import Tx


async def take_over(tx: Tx, webhook_id: UUID, now: datetime) -> None:
    """Take the webhook from its courier, so that nothing which that one still notes overwrites what is written now."""
    await deliveries.fence_off(tx, webhook_id, await leases.evict(tx, "webhook", webhook_id))
    await webhooks.touch(tx, webhook_id, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One wish for one webhook."""

    tx: Tx
    webhook: Webhook
    now: datetime

    async def one(self, position: int) -> int:
        """Raises NotFound when no event of this webhook stands there, Conflict when the cursor has not come so far."""
        if position > self.webhook.position:
            raise Conflict("not_reached", f"The webhook is at {self.webhook.position}: it will come to {position} yet.")
        events = await log.read(
            self.tx,
            position - 1,
            1,
            instance_id=self.webhook.instance_id,
            types=event_types(self.webhook.events),
        )
        if not events or events[0].position != position:
            raise NotFound("unknown_event", f"No event of this webhook stands at position {position} of the log.")
        await take_over(self.tx, self.webhook.id, self.now)
        await deliveries.replay_one(self.tx, self.webhook.id, position, now=self.now)
        return 1

    async def failed(self) -> int:
        await take_over(self.tx, self.webhook.id, self.now)
        return await deliveries.replay_failed(self.tx, self.webhook.id, now=self.now)

    async def since(self, position: int) -> int:
        """Raises Gone when some of it is no longer kept."""
        oldest = await log.oldest(self.tx)
        if position < oldest - 1:
            raise Gone("position_gone", f"The log keeps events from position {oldest} on.", oldest=oldest)
        await take_over(self.tx, self.webhook.id, self.now)
        await deliveries.rewind(self.tx, self.webhook.id, position, now=self.now)
        return await log.count(
            self.tx,
            position,
            self.webhook.position,
            instance_id=self.webhook.instance_id,
            types=event_types(self.webhook.events),
        )
