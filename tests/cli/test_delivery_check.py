"""What the doctor says about the log and the webhooks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from recado.cli.delivery_check import delivery_verdicts
from recado.domain.events import NewEvent
from recado.settings import read_settings
from recado.store import days, log
from recado.store.database import Database, Tx
from recado.store.rows import fetch_value

URL = "https://a.example/hook"


async def said(tx: Tx) -> list[str]:
    return [f"{one.mark} {one.sentence} {one.hint}" async for one in delivery_verdicts(tx, read_settings())]


async def append(tx: Tx, day: date) -> int:
    event = NewEvent(id=UUID(int=1), type="t", time=datetime.now(UTC), instance_id=None, instance_name=None)
    [position] = await log.append(tx, [event], today=day)
    return position


async def put_webhook(tx: Tx, position: int, **columns: str) -> None:
    state = columns.get("state", "active")
    await tx.execute(
        "INSERT INTO recado.webhooks (id, url, secret, state) VALUES (%s, %s, 's', %s)", (UUID(int=7), URL, state)
    )
    await tx.execute(
        "INSERT INTO recado.webhook_cursors (webhook_id, position, failing_since) VALUES (%s, %s, %s)",
        (UUID(int=7), position, columns.get("failing_since")),
    )


async def today(tx: Tx) -> date:
    return await fetch_value(tx, "SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date")


async def test_a_log_whose_next_days_are_ready_is_well(db: Database):
    async with db.transaction() as tx:
        await days.prepare(tx)
        await append(tx, day := await today(tx))
        [line] = await said(tx)
    assert line.startswith(f"✅ The event log begins on {day}")


async def test_a_day_that_is_not_ready_is_named(db: Database):
    async with db.transaction() as tx:
        await days.prepare(tx, today=await today(tx) - timedelta(days=1))
        [line] = await said(tx)
        tomorrow = await today(tx) + timedelta(days=1)
    assert line.startswith(f"⚠️ The event log has no table ready for {tomorrow}.")


async def test_a_webhook_that_keeps_old_days_is_named_with_the_limit(db: Database):
    async with db.transaction() as tx:
        await days.prepare(tx)
        old = await append(tx, await today(tx) - timedelta(days=40))
        await append(tx, await today(tx))
        await put_webhook(tx, old - 1)
        lines = await said(tx)
    assert any(URL in line and "over 4,096.0 MB" in line and "14 days" in line for line in lines)


async def test_a_webhook_that_is_paused_is_named_with_the_command_that_resumes_it(db: Database):
    async with db.transaction() as tx:
        await put_webhook(tx, 0, state="paused", failing_since="2026-11-20 08:00Z")
        *_, line = await said(tx)
    assert line == (
        f"⚠️ The webhook {URL} is paused: its receiver fails since 2026-11-20 08:00 UTC."
        f" recado webhook resume {UUID(int=7)}"
    )
