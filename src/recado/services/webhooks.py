"""Webhooks as people ask for them: make, change, remove, see what came of deliveries, deliver again, try."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from recado.clock import Clock
from recado.domain import signature
from recado.domain.access import Access
from recado.domain.delivery import Attempt, Delivered
from recado.domain.errors import Conflict, Invalid, NotFound
from recado.domain.events import WEBHOOK_TEST, LoggedEvent
from recado.domain.page import Page
from recado.domain.sink import AddressRules, Sink
from recado.domain.webhook_headers import checked_headers
from recado.domain.webhooks import Target, Webhook, event_types
from recado.store import days, deliveries, leases, log, webhooks
from recado.store.database import Database, Tx

from .bell import Bell
from .parcels import wrap
from .replay import Replay, take_over

OLD_SECRET_FOR: Final = timedelta(hours=24)


class Webhooks:
    """`changes` is rung after each change, so that dispatch takes it up at once."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        changes: Bell,
        rules: AddressRules,
        open_sink: Callable[[Target], Sink],
    ) -> None:
        self._database = database
        self._clock = clock
        self._changes = changes
        self._rules = rules
        self._open_sink = open_sink

    async def check_url(self, url: str) -> None:
        """Raises Invalid when deliveries to it would be refused."""
        await self._rules.check(url)

    async def create(
        self,
        access: Access,
        *,
        url: str,
        instance_id: UUID | None = None,
        events: Sequence[str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Webhook, str]:
        """A webhook for what happens from now on, and its secret, shown this once. Raises Invalid, NotFound."""
        instance_id = instance_id if instance_id is not None else access.instance_id
        if instance_id is not None and not access.sees(instance_id):
            raise NotFound("unknown_instance", "There is no such instance.")
        event_types(events)
        checked = checked_headers(headers or {})
        await self._rules.check(url)
        id, secret = self._clock.new_id(), _new_secret()
        async with self._database.transaction() as tx:
            await webhooks.insert(
                tx,
                id=id,
                instance_id=instance_id,
                source="api",
                url=url,
                secret=secret,
                events=events,
                headers=checked,
                position=await log.head(tx),
                now=self._clock.now(),
            )
            webhook = await self._find(tx, access, id)
        self._changes.ring()
        return webhook, secret

    async def list(self, access: Access) -> builtins.list[Webhook]:
        async with self._database.transaction() as tx:
            return await webhooks.of(tx, access.instance_id)

    async def get(self, access: Access, id: UUID) -> Webhook:
        """Raises NotFound."""
        async with self._database.transaction() as tx:
            return await self._find(tx, access, id)

    async def update(self, access: Access, id: UUID, changes: Mapping[str, Any]) -> Webhook:
        """Change `url`, `events`, `headers`, `state` (`active` or `paused`). Raises Invalid, Conflict, NotFound."""
        event_types(changes.get("events"))
        if changes.get("url") is not None:
            await self._rules.check(changes["url"])
        async with self._database.transaction() as tx:
            webhook = await self._find(tx, access, id)
            await self._change(tx, webhook, changes)
            webhook = await self._find(tx, access, id)
        self._changes.ring()
        return webhook

    async def remove(self, access: Access, id: UUID) -> None:
        """Raises NotFound, Conflict for the webhook of an instance's own URL."""
        async with self._database.transaction() as tx:
            webhook = await self._find(tx, access, id)
            if webhook.source == "instance_url":
                raise _belongs_to_instance()
            await webhooks.remove(tx, id)
            await leases.remove(tx, "webhook", id)
        self._changes.ring()

    async def rotate_secret(self, access: Access, id: UUID) -> tuple[Webhook, str]:
        """A new secret, shown this once; the old one signs beside it for 24 hours. Raises NotFound."""
        now, secret = self._clock.now(), _new_secret()
        async with self._database.transaction() as tx:
            await self._find(tx, access, id)
            await webhooks.rotate_secret(tx, id, secret=secret, previous_until=now + OLD_SECRET_FOR, now=now)
            webhook = await self._find(tx, access, id)
        self._changes.ring()
        return webhook, secret

    async def attempts(self, access: Access, id: UUID, *, after: str | None = None, limit: int = 50) -> Page[Attempt]:
        """What came of its deliveries, the newest first. Raises NotFound, Invalid for a cursor that is none."""
        before = _cursor(after)
        async with self._database.transaction() as tx:
            await self._find(tx, access, id)
            rows = await deliveries.attempts(tx, id, before=before, limit=limit + 1)
        is_last = len(rows) <= limit
        return Page(items=rows[:limit], next=None if is_last else str(rows[limit - 1].id))

    async def replay(
        self, access: Access, id: UUID, *, position: int | None = None, failed: bool = False, since: int | None = None
    ) -> int:
        """Deliver again: the event at `position`, all that `failed`, or everything after `since`; how many.

        Raises NotFound, Gone when the log no longer keeps them, Conflict for what has not been tried yet, Invalid when
        not exactly one of the three is asked for.
        """
        if [position is not None, failed, since is not None].count(True) != 1:
            raise Invalid("ambiguous_replay", "Ask for exactly one of position, failed and since.", field="position")
        async with self._database.transaction() as tx:
            replay = Replay(tx=tx, webhook=await self._find(tx, access, id), now=self._clock.now())
            if position is not None:
                count = await replay.one(position)
            elif since is not None:
                count = await replay.since(since)
            else:
                count = await replay.failed()
        self._changes.ring()
        return count

    async def test(self, access: Access, id: UUID) -> Attempt:
        """Post a `webhook.test` event now and say what came of it; it stands in no log and moves no cursor."""
        now = self._clock.now()
        async with self._database.transaction() as tx:
            webhook = await self._find(tx, access, id)
            target = await webhooks.target(tx, id, now=now)
        event = LoggedEvent(
            id=self._clock.new_id(),
            type=WEBHOOK_TEST,
            time=now,
            instance_id=webhook.instance_id,
            instance_name=webhook.instance_name,
            data={"webhook_id": str(id)},
            position=0,
        )
        attempt = await self._try(webhook, target or Target(url=webhook.url, secrets=()), event)
        async with self._database.transaction() as tx:
            await days.ensure(tx, "delivery_attempts", attempt.at.date())
            await deliveries.record(tx, [attempt])
        return attempt

    async def _try(self, webhook: Webhook, target: Target, event: LoggedEvent) -> Attempt:
        sink = self._open_sink(target)
        try:
            outcome = await sink.deliver(wrap(event))
        finally:
            await sink.close()
        return Attempt(
            id=self._clock.new_id(),
            webhook_id=webhook.id,
            position=event.position,
            event_id=event.id,
            attempt=1,
            at=event.time,
            duration_ms=round((self._clock.now() - event.time).total_seconds() * 1000),
            status=outcome.status,
            error=None if isinstance(outcome, Delivered) else outcome.error,
            answer=outcome.answer,
        )

    async def _change(self, tx: Tx, webhook: Webhook, changes: Mapping[str, Any]) -> None:
        url, now = changes.get("url") or webhook.url, self._clock.now()
        if webhook.source == "instance_url" and url != webhook.url:
            raise _belongs_to_instance()
        state = changes.get("state") or webhook.state
        if changes.get("state") not in (None, "active", "paused"):
            raise Invalid("wrong_state", "A webhook can be set to active or paused.", field="state")
        await webhooks.update(
            tx,
            webhook.id,
            url=url,
            events=changes.get("events", webhook.events),
            headers=checked_headers(changes.get("headers") or {}) if "headers" in changes else webhook.headers,
            state=state,
            state_reason=webhook.state_reason if state == webhook.state else None,
            now=now,
        )
        if state == "active" and (webhook.state != "active" or webhook.failing_since is not None):
            await take_over(tx, webhook.id, now)
            await webhooks.revive(tx, webhook.id, now=now)

    async def _find(self, tx: Tx, access: Access, id: UUID) -> Webhook:
        webhook = await webhooks.find(tx, id)
        if webhook is None or (access.instance_id is not None and webhook.instance_id != access.instance_id):
            raise NotFound("unknown_webhook", "There is no such webhook.", hint="GET /v1/webhooks lists them.")
        return webhook


def _belongs_to_instance() -> Conflict:
    return Conflict(
        "webhook_of_instance",
        "This webhook is the webhook_url of its instance.",
        hint="Change or clear webhook_url with PATCH /v1/instances/{name}.",
    )


def _new_secret() -> str:
    return signature.secret_from(os.urandom(signature.SECRET_BYTES))


def _cursor(after: str | None) -> UUID | None:
    try:
        return UUID(after) if after is not None else None
    except ValueError:
        raise Invalid("wrong_cursor", "That is no cursor of this list.", field="after") from None
