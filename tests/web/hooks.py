"""Webhooks for the tests of the pages: nothing is delivered to them by itself; what is told of them is written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from recado.domain.access import EVERYTHING
from recado.domain.delivery import Attempt
from recado.domain.webhooks import Webhook
from recado.runtime import Runtime
from recado.store import days, deliveries, webhooks
from tests.web.browser import Browser, Seen

NOBODY: Final = "http://127.0.0.9:9"
HTMX: Final = {"HX-Request": "true"}
PT: Final = {"Accept-Language": "pt-BR"}


async def made(runtime: Runtime, path: str = "/made", **options: Any) -> Webhook:
    """It hears of what nothing here brings about."""
    wishes = {"url": NOBODY + path, "events": ["webhook.test"]} | options
    webhook, _ = await runtime.services.webhooks.create(EVERYTHING, **wishes)
    return webhook


async def resting(runtime: Runtime) -> Webhook:
    """Paused from the beginning: nobody delivers for it, whatever happens."""
    id, clock = runtime.services.clock.new_id(), runtime.services.clock
    async with runtime.database.transaction() as tx:
        await webhooks.insert(
            tx,
            id=id,
            instance_id=None,
            source="api",
            url=f"{NOBODY}/resting",
            secret="whsec_" + "A" * 43 + "=",
            events=["instance.created"],
            headers={},
            position=0,
            now=clock.now(),
        )
        await tx.execute("UPDATE recado.webhooks SET state = 'paused' WHERE id = %s", [id])
    return await runtime.services.webhooks.get(EVERYTHING, id)


async def reach(runtime: Runtime, webhook: Webhook, position: int) -> None:
    """As if everything up to there had been delivered."""
    await said(runtime, "UPDATE recado.webhook_cursors SET position = %s WHERE webhook_id = %s", position, webhook.id)


async def give_up(runtime: Runtime, webhook: Webhook) -> None:
    """As it is after three days in which the receiver did not answer."""
    await said(
        runtime,
        "UPDATE recado.webhooks SET state = 'paused', state_reason = 'unreachable' WHERE id = %s",
        webhook.id,
    )
    await said(
        runtime,
        "UPDATE recado.webhook_cursors SET failing_since = now() - interval '3 days' WHERE webhook_id = %s",
        webhook.id,
    )


async def park(runtime: Runtime, webhook: Webhook, position: int, state: str) -> None:
    await said(
        runtime,
        """
        INSERT INTO recado.parked_deliveries (webhook_id, position, state, attempts, next_at)
        VALUES (%s, %s, %s, 3, CASE WHEN %s = 'waiting' THEN now() + interval '1 hour' END)
        """,
        webhook.id,
        position,
        state,
        state,
    )


async def tried(runtime: Runtime, webhook: Webhook, *, position: int = 1, **told: Any) -> Attempt:
    """A try that is written down, of this moment unless told."""
    at = told.pop("at", datetime.now(UTC))
    wishes: dict[str, Any] = {"attempt": 1, "duration_ms": 12, "status": 200, "error": None, "answer": None} | told
    attempt = Attempt(
        id=runtime.services.clock.new_id(), webhook_id=webhook.id, position=position, event_id=uuid4(), at=at, **wishes
    )
    async with runtime.database.transaction() as tx:
        await days.ensure(tx, "delivery_attempts", at.date())
        await deliveries.record(tx, [attempt])
    return attempt


async def said(runtime: Runtime, query: Any, *values: Any) -> list[tuple[Any, ...]]:
    async with runtime.database.transaction() as tx:
        answer = await tx.execute(query, values)
        return await answer.fetchall() if answer.description else []


async def post(browser: Browser, path: str, more: dict[str, str] | None = None, /, **form: Any) -> Seen:
    """As htmx sends a form of ours."""
    headers = {"Origin": browser.address} | HTMX | (more or {})
    return await browser.ask("POST", path, headers=headers, data={"once": str(uuid4())} | form)


def moment(ago: timedelta) -> str:
    """What a date-and-time field holds for that long ago, in UTC."""
    return (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%S")


def hooks_in(html: str) -> list[UUID]:
    """The webhooks that a list shows, in its order."""
    return [UUID(piece[:36]) for piece in html.split('id="webhook-')[1:] if piece[8:9] == "-" and piece[13:14] == "-"]
