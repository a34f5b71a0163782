"""Webhooks as people ask for them: make, change, remove, see what came of deliveries, deliver again, try."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from recado.clock import Clock
from recado.domain import signature
from recado.domain.access import Access
from recado.domain.delivery import Attempt, attempt_at
from recado.domain.errors import Conflict, Invalid, NotFound
from recado.domain.events import WEBHOOK_TEST, LoggedEvent
from recado.domain.page import Page
from recado.domain.sink import AddressRules, Sink
from recado.domain.webhook_headers import checked_headers
from recado.domain.webhook_views import ParkedEvent, WebhookView
from recado.domain.webhooks import Target, Webhook, event_types
from recado.services.access import get_instance
from recado.services.bell import Bell
from recado.store import days, deliveries, leases, log, webhook_views, webhooks
from recado.store.database import Database, Tx

from .parcels import wrap
from .replay import Replay, Wish, take_over

W = TypeVar("W", bound=Webhook)
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
        event_types(events)
        checked = checked_headers(headers or {})
        await self._rules.check(url)
        id, secret = self._clock.new_id(), _new_secret()
        async with self._database.transaction() as tx:
            if instance_id is not None:
                await get_instance(tx, access, instance_id)
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

    async def views(
        self, access: Access, *, search: str = "", after: str | None = None, limit: int = 50
    ) -> Page[WebhookView]:
        """As pages show them, those that need somebody first. Raises Invalid for a cursor that is none."""
        place = _place(after)
        async with self._database.glance() as tx:
            found = await webhook_views.listed(
                tx, access.instance_id, search=search.strip(), after=place, limit=limit + 1
            )
        is_last = len(found) <= limit
        return Page(items=found[:limit], next=None if is_last else f"{found[limit - 1].rank}.{found[limit - 1].id}")

    async def view(self, access: Access, id: UUID) -> WebhookView:
        """Raises NotFound."""
        async with self._database.glance() as tx:
            return _seen(await webhook_views.find(tx, id), access)

    async def parked(self, access: Access, id: UUID, *, limit: int) -> builtins.list[ParkedEvent]:
        """The first of what is to be tried again and of what was given up. Raises NotFound."""
        async with self._database.transaction() as tx:
            await self._find(tx, access, id)
            return await webhook_views.parked(tx, id, limit=limit)

    async def list(self, access: Access) -> builtins.list[Webhook]:
        async with self._database.transaction() as tx:
            return await webhooks.of(tx, access.instance_id)

    async def concerning(self, access: Access, instance_id: UUID, *, limit: int = 20) -> builtins.list[Webhook]:
        """Those that hear of an instance, as far as the access may see them: its own, then those of all instances."""
        if not access.sees(instance_id):
            return []
        async with self._database.glance() as tx:
            found = await webhooks.concerning(tx, instance_id, limit)
        return [one for one in found if access.instance_id is None or one.instance_id == instance_id]

    async def get(self, access: Access, id: UUID) -> Webhook:
        """Raises NotFound."""
        async with self._database.transaction() as tx:
            return await self._find(tx, access, id)

    async def update(self, access: Access, id: UUID, changes: Mapping[str, Any]) -> Webhook:
        """Change `url`, `events`, `headers`, `state`. Raises Invalid, Conflict, NotFound."""
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

    async def attempts(
        self,
        access: Access,
        id: UUID,
        *,
        after: str | None = None,
        limit: int = 50,
        position: int | None = None,
        failed: bool | None = None,
    ) -> Page[Attempt]:
        """What came of its deliveries, the newest first. Raises NotFound, Invalid for a cursor that is none."""
        before = _cursor(after)
        async with self._database.transaction() as tx:
            await self._find(tx, access, id)
            rows = await deliveries.attempts(tx, id, before=before, limit=limit + 1, position=position, failed=failed)
        is_last = len(rows) <= limit
        return Page(items=rows[:limit], next=None if is_last else str(rows[limit - 1].id))

    async def replay(self, access: Access, id: UUID, wish: Wish) -> int:
        """Deliver again what is wished for; how many events.

        Raises NotFound, Gone when the log no longer keeps them, Conflict for what has not been tried yet, Invalid when
        it is not clear what is wished for, or too much.
        """
        wish.check()
        async with self._database.transaction() as tx:
            count = await Replay(tx=tx, webhook=await self._find(tx, access, id), now=self._clock.now()).do(wish)
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
        return attempt_at(
            event,
            outcome,
            id=self._clock.new_id(),
            webhook_id=webhook.id,
            attempt=1,
            started=event.time,
            ended=self._clock.now(),
        )

    async def _change(self, tx: Tx, webhook: Webhook, changes: Mapping[str, Any]) -> None:
        url, now = changes.get("url") or webhook.url, self._clock.now()
        if webhook.source == "instance_url" and url != webhook.url:
            raise _belongs_to_instance()
        state = changes.get("state") or webhook.state
        if changes.get("state") not in (None, "active", "paused", "disabled"):
            raise Invalid("wrong_state", "A webhook can be set to active, paused or disabled.", field="state")
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
            await deliveries.renew(tx, webhook.id, now=now)

    async def _find(self, tx: Tx, access: Access, id: UUID) -> Webhook:
        return _seen(await webhooks.find(tx, id), access)


def _seen(webhook: W | None, access: Access) -> W:
    if webhook is None or (access.instance_id is not None and webhook.instance_id != access.instance_id):
        raise NotFound("unknown_webhook", "There is no such webhook.", hint="GET /v1/webhooks lists them.")
    return webhook


def _place(after: str | None) -> tuple[int, UUID] | None:
    """The rank and the id that a cursor of the views stands for."""
    if after is None:
        return None
    rank, _, id = after.partition(".")
    try:
        return int(rank[:1]), UUID(id)
    except ValueError:
        raise _no_cursor() from None


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
        raise _no_cursor() from None


def _no_cursor() -> Invalid:
    return Invalid("wrong_cursor", "That is no cursor of this list.", field="after")
