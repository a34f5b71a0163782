"""What `recado doctor` finds about delivery: how the log stands, who holds it back, which webhooks do not work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

from recado.domain.access import EVERYTHING
from recado.domain.webhooks import Webhook
from recado.settings import Settings
from recado.store import days, webhooks
from recado.store.database import Tx

from .diagnoses import Verdict, diagnosed


async def delivery_verdicts(tx: Tx, settings: Settings) -> AsyncIterator[Verdict]:
    standing = await days.standing(tx)
    yield _log(standing)
    limit = timedelta(days=settings.retention_days + 1)
    if standing.oldest_day is not None and datetime.now(UTC).date() - standing.oldest_day > limit:
        async for verdict in _held(tx, standing, settings):
            yield verdict
    for webhook in await webhooks.of(tx, EVERYTHING.instance_id):
        for verdict in _webhook(webhook):
            yield verdict


def _log(standing: days.Standing) -> Verdict:
    if standing.missing:
        missing = ", ".join(sorted({f"{day}" for _, day in standing.missing}))
        return diagnosed("log_not_ready", days=missing)
    sizes = {"size": _size(standing.log_bytes), "attempts": _size(standing.attempts_bytes)}
    return diagnosed("log_fine", oldest=standing.oldest_day or "no day yet", **sizes)


async def _held(tx: Tx, standing: days.Standing, settings: Settings) -> AsyncIterator[Verdict]:
    holder = await webhooks.slowest(tx)
    if holder is not None:
        yield diagnosed(
            "log_held",
            oldest=standing.oldest_day,
            url=holder.url,
            id=holder.id,
            size=_size(standing.log_bytes),
            limit=_size(settings.log_limit_mb * 1024 * 1024),
            days=settings.retention_days,
        )


def _webhook(webhook: Webhook) -> Iterator[Verdict]:
    since = f"its receiver fails since {webhook.failing_since:%Y-%m-%d %H:%M} UTC" if webhook.failing_since else ""
    if webhook.state == "paused":
        yield diagnosed("webhook_paused", url=webhook.url, why=since or "somebody has paused it", id=webhook.id)
    elif since or webhook.state == "disabled":
        yield diagnosed("webhook_failing", url=webhook.url, why=since or webhook.state_reason, id=webhook.id)


def _size(count: int) -> str:
    return f"{count / 1024 / 1024:,.1f} MB"
