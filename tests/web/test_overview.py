"""The figures: what they count, how they are drawn, what a key of one instance sees of them, what they cost."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from recado.domain.access import EVERYTHING
from recado.domain.figures import HOUR, Flow, Hour, flow_of, hour_of
from recado.domain.ids import uuid7
from recado.runtime import Runtime
from recado.services.upkeep.hours import GRACE, Hours
from recado.web.charts import HEIGHT, ceiling, flow_chart, shares
from recado.web.look import Look
from tests.web.browser import Browser
from tests.web.cost import cost_at
from tests.web.hooks import give_up, made, said, tried
from tests.web.test_instances import piece

NOW = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)
LOOK = Look(language="en", theme="auto", zone=ZoneInfo("UTC"))


async def messages(runtime: Runtime, name: str, at: datetime, *, incoming: int = 0, outgoing: int = 0) -> UUID:
    """Live messages of that moment in a chat of their own."""
    [(instance_id,)] = await said(runtime, "SELECT id FROM public.whatsapp_instances WHERE instance_name = %s", name)
    chat_id = runtime.services.clock.new_id()
    await said(
        runtime,
        "INSERT INTO public.whatsapp_chats (id, instance_id, kind, jid) VALUES (%s, %s, 'group', %s)",
        chat_id,
        instance_id,
        f"{chat_id}@g.us",
    )
    for n in range(incoming + outgoing):
        id = uuid7(int(at.timestamp() * 1000) + n, chat_id.bytes)
        await said(
            runtime,
            """
            INSERT INTO public.whatsapp_messages (id, instance_id, chat_id, from_me, wa_id, kind, sent_at, status)
            VALUES (%s, %s, %s, %s, %s, 'conversation', %s, 'sent')
            """,
            id,
            instance_id,
            chat_id,
            n >= incoming,
            str(id),
            at,
        )
    return UUID(str(instance_id))


async def test_each_hour_is_counted_once_it_is_over(runtime: Runtime, browser: Browser):
    now = runtime.services.clock.now()
    old = hour_of(now) - timedelta(days=3)
    await messages(runtime, "filial", old, incoming=3, outgoing=2)
    await messages(runtime, "filial", hour_of(now), incoming=4)
    await said(runtime, "DELETE FROM recado.settings WHERE key = 'messages_counted_until'")

    hours = Hours(runtime.database, runtime.services.clock)
    steps = [await hours.step() for _ in range(3)]

    assert steps[-1]
    counted = await said(runtime, "SELECT hour, incoming, outgoing FROM recado.message_counts ORDER BY hour")
    assert (old, 3, 2) in counted
    assert all(hour < hour_of(runtime.services.clock.now() - GRACE) for hour, _, _ in counted)
    month = await browser.get("/overview?span=month")
    received = re.search(r"Received ([\d,]+) 30 days", month.text)
    assert received is not None
    assert int(received[1]) >= 7


async def test_hours_fall_into_the_days_of_the_page():
    hours = [
        Hour(begin=datetime(2026, 3, 10, 2, tzinfo=UTC), incoming=5, outgoing=0),
        Hour(begin=datetime(2026, 3, 10, 3, tzinfo=UTC), incoming=7, outgoing=1),
        Hour(begin=datetime(2026, 1, 1, tzinfo=UTC), incoming=100, outgoing=100),
    ]
    flow = flow_of("month", hours, NOW, ZoneInfo("America/Sao_Paulo"))
    assert len(flow.buckets) == 30
    assert [(one.incoming, one.outgoing) for one in flow.buckets[-2:]] == [(5, 0), (7, 1)]
    assert (flow.incoming, flow.outgoing) == (12, 1)


async def test_a_day_has_24_hours_the_present_one_last():
    flow = flow_of("day", [Hour(begin=hour_of(NOW), incoming=1, outgoing=2)], NOW, UTC)
    assert (len(flow.buckets), flow.buckets[-1].outgoing, flow.buckets[0].begin) == (24, 2, hour_of(NOW) - 23 * HOUR)


@pytest.mark.parametrize(("highest", "top"), [(0, 4), (3, 4), (5, 10), (11, 20), (39, 40), (401, 500), (10**6, 10**6)])
def test_the_scale_ends_at_a_round_even_number(highest: int, top: int):
    assert ceiling(highest) == top


def test_bars_are_as_high_as_their_counts_and_never_outside():
    buckets = [Hour(begin=NOW, incoming=1, outgoing=1_000_000), Hour(begin=NOW, incoming=0, outgoing=500_000)]
    chart = flow_chart(Flow(span="day", buckets=buckets), LOOK, NOW)
    bars = [bar for group in chart.groups for bar in group.bars]
    assert [(bar.kind, bar.height) for bar in bars] == [("in", 2.0), ("out", 160.0), ("out", 80.0)]
    assert all(bar.y >= 0 and bar.y + bar.height == HEIGHT and bar.x + bar.width <= chart.width for bar in bars)
    assert chart.ticks == ["1,000,000", "500,000", "0"]


def test_shares_fill_the_bar():
    assert [(one.kind, one.x, one.width) for one in shares([("a", 1), ("b", 0), ("c", 3)])] == [
        ("a", 0, 25),
        ("c", 25, 75),
    ]


@pytest.mark.parametrize("language", ["en", "pt-BR"])
@pytest.mark.parametrize("span", ["day", "month", "nonsense"])
async def test_the_charts_have_a_name_and_a_table_beside_them(browser: Browser, language: str, span: str):
    page = await browser.get(f"/overview?span={span}", Accept_Language=language)
    assert page.status == 200
    assert 'role="img" aria-labelledby="flow-title flow-desc"' in page.html
    assert page.html.count("<tr><td>") >= (30 if span == "month" else 24)


async def test_deliveries_instances_queue_and_parts_are_told(runtime: Runtime, browser: Browser):
    webhook = await made(runtime, "/figures")
    await give_up(runtime, webhook)
    await tried(runtime, webhook)
    await tried(runtime, webhook, status=500, error="the receiver answered 500")
    text = (await browser.get("/overview")).text
    assert re.search(r"\b[1-9]\d* failing", text)
    assert f"{webhook.url} Paused: its receiver was down for three days Arrived: 1 Failed: 1" in text
    assert "Connected 1" in text
    assert "Database Answers" in text
    assert re.search(r"Database size [\d.]+ MB", text)


async def test_only_what_has_changed_is_sent(runtime: Runtime, browser: Browser):
    async with browser.live("/overview/live?after=0&span=day") as pieces:
        _, _, first = await anext(pieces)
        assert all(f'id="{name}"' in first for name in ("tiles", "flow", "flow-table", "states", "parts"))
        await messages(runtime, "filial", runtime.services.clock.now(), incoming=1)
        assert 'id="states"' not in await piece(pieces, 'id="flow"')


async def test_a_key_of_one_instance_sees_only_its_figures(runtime: Runtime, stranger: Browser):
    [filial] = (await runtime.services.instances.list(EVERYTHING, search="filial")).items
    _, secret = await runtime.services.keys.create("bound", ["instances:read"], instance_id=filial.id, by=EVERYTHING)
    await stranger.sign_in(secret)
    page = await stranger.get("/overview")
    assert "0 of 1" in page.text
    assert 'id="parts"' not in page.html
    assert 'id="deliveries"' not in page.html


async def test_the_page_asks_little(runtime: Runtime, browser: Browser, monkeypatch: pytest.MonkeyPatch):
    for span in ("day", "month"):
        cost = await cost_at(runtime, browser, f"/overview?span={span}", monkeypatch)
        assert len(cost.statements) <= 16, cost.statements
        assert cost.rows <= 300
