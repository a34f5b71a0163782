"""The page of the events: live and the newest first, filters, one whole as JSON, older ones, what it costs."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from recado.domain.access import EVERYTHING
from recado.domain.events import NewEvent
from recado.runtime import Runtime
from recado.services.reading import events as looking_back
from recado.store import log
from recado.web.json_view import JsonView
from tests.api.door import House
from tests.web.browser import Browser
from tests.web.cost import cost_at
from tests.web.test_instances import piece


async def happen(
    runtime: Runtime, type: str = "engine.notice", *, instance_id: UUID | None = None, count: int = 1, **data: Any
) -> list[int]:
    clock, name = runtime.services.clock, "filial" if instance_id else None
    made = [
        NewEvent(id=clock.new_id(), type=type, time=clock.now(), instance_id=instance_id, instance_name=name, data=data)
        for _ in range(count)
    ]
    async with runtime.database.transaction() as tx:
        return await log.append(tx, made)


def shown(html: str) -> list[int]:
    return [int(position) for position in re.findall(r'id="event-(\d+)"', html)]


async def filial_of(runtime: Runtime) -> UUID:
    [filial] = (await runtime.services.instances.list(EVERYTHING, search="filial")).items
    return filial.id


async def test_the_newest_come_first_with_what_they_are_about(runtime: Runtime, browser: Browser):
    text = f"Tem pão? {uuid4()}"
    positions = [*await happen(runtime, "message.received", text=text), *await happen(runtime, count=2)]
    page = await browser.get("/events", Accept_Language="pt-BR")
    assert [one for one in shown(page.html) if one in positions] == positions[::-1]
    assert shown(page.html) == sorted(shown(page.html), reverse=True)
    assert f"Mensagem recebida {text}" in page.text
    assert f'data-after="{shown(page.html)[0]}"' in page.html


async def test_one_is_shown_whole_and_leads_on(runtime: Runtime, browser: Browser, house: House):
    page = await browser.get("/events?kind=message")
    position = shown(page.html)[-1]
    whole = await browser.part(f"/events/{position}")
    assert f'href="/chats/{house.known["chat_id"]}"' in whole.html
    assert "Open the instance" in whole.text
    assert (
        '<span class="key">&#34;type&#34;</span>: <span class="string">&#34;message.received&#34;</span>' in whole.html
    )
    raw = json.loads((await browser.get(f"/events/{position}/json")).html)
    assert (raw["type"], raw["seq"]) == ("message.received", position)
    assert "<h1>Message received</h1>" in (await browser.get(f"/events/{position}")).html


async def test_kinds_and_instances_are_told_apart(runtime: Runtime, browser: Browser):
    filial = await filial_of(runtime)
    [webhook] = await happen(runtime, "webhook.failing", host="<b>hook</b>", error="no answer in time", status=None)
    [state] = await happen(runtime, "instance.state", instance_id=filial, state="stopped")
    assert webhook in shown((await browser.get("/events?kind=webhook")).html)
    assert state not in shown((await browser.get("/events?kind=webhook")).html)
    of_filial = await browser.get(f"/events?instance={filial}&kind=instance")
    assert shown(of_filial.html)[0] == state
    assert webhook not in shown(of_filial.html)
    assert "&lt;b&gt;hook&lt;/b&gt; · no answer in time" in (await browser.get("/events?kind=webhook")).html
    assert "No such event" in (await browser.get(f"/events?instance={filial}&kind=history")).text


async def test_what_happens_now_comes_by_itself_as_the_page_would_show_it(runtime: Runtime, browser: Browser):
    head = await runtime.services.streams.head()
    async with browser.live(f"/events/live?after={head}&kind=system") as pieces:
        [other] = await happen(runtime, "webhook.failing")
        [position] = await happen(runtime)
        html = await piece(pieces, f'id="event-{position}"')
    assert other not in shown(html)
    page = (await browser.get("/events?kind=system")).html
    assert row_of(position, html) == row_of(position, page)


def row_of(position: int, html: str) -> list[str]:
    row = html[html.index(f'<li class="event" id="event-{position}"') :].partition("</li>")[0]
    return [line.strip() for line in row.splitlines()]


async def test_older_ones_are_a_page_further_and_stand_still(runtime: Runtime, browser: Browser):
    await happen(runtime, count=120)
    newest = await browser.get("/events")
    assert len(shown(newest.html)) == 100
    [before] = re.findall(r"before=(\d+)", newest.html)
    older = await browser.get(f"/events?before={before}")
    assert shown(older.html)[0] < int(before) == shown(newest.html)[-1]
    assert "data-live" not in older.html
    assert "The log begins here." in (await browser.get("/events?before=3")).text


async def test_a_rare_kind_is_looked_for_a_bounded_way_back(
    runtime: Runtime, browser: Browser, monkeypatch: pytest.MonkeyPatch
):
    [rare] = await happen(runtime, "history.progress")
    await happen(runtime, count=30)
    monkeypatch.setattr(looking_back, "LOOKS_BACK", 20)
    page = await browser.get("/events?kind=history")
    assert shown(page.html) == []
    assert "Looked through the events back to" in page.text
    [before] = re.findall(r"before=(\d+)", page.html)
    assert shown((await browser.get(f"/events?kind=history&before={before}")).html) == [rare]


async def test_a_key_of_one_instance_sees_only_its_events(runtime: Runtime, stranger: Browser):
    filial = await filial_of(runtime)
    [mine], [other] = await happen(runtime, instance_id=filial), await happen(runtime)
    _, secret = await runtime.services.keys.create("bound", ["events"], instance_id=filial, by=EVERYTHING)
    await stranger.sign_in(secret)
    page = await stranger.get("/events")
    assert mine in shown(page.html)
    assert other not in shown(page.html)
    assert (await stranger.part(f"/events/{mine}")).status == 200
    assert [(await stranger.get(f"/events/{other}{path}")).status for path in ("", "/json")] == [404, 404]
    assert "Open the instance" not in (await stranger.part(f"/events/{mine}")).text


@pytest.mark.parametrize("path", ["/events/0", "/events/99999999999999999999", "/events/-1", "/events/x"])
async def test_what_there_is_not_is_said(browser: Browser, path: str):
    assert (await browser.get(path)).status == 404


@pytest.mark.parametrize("query", ["before=x", "before=99999999999999999999", "instance=x&kind=nada"])
async def test_nonsense_in_the_address_filters_nothing(browser: Browser, query: str):
    assert shown((await browser.get(f"/events?{query}")).html)


async def test_hostile_content_is_only_text(runtime: Runtime, browser: Browser):
    text = "<script>alert(1)</script>\u202e" + "x" * 3_000_000
    [position] = await happen(runtime, "message.received", text=text, chat={"name": "<img src=x onerror=alert(1)>"})
    whole, page = await browser.part(f"/events/{position}"), await browser.get("/events")
    assert "<script>alert" not in whole.html + page.html
    assert "<img src=x" not in whole.html + page.html
    assert "Long values are shortened here" in whole.text
    assert len(whole.html) < 10_000
    assert len(page.html) < 200_000


def test_json_is_drawn_whole_when_it_is_short():
    value = {"a": [1, 2.5, None, True, "x\n<"], "b": {}, "c": []}
    view = JsonView(value)
    bare = re.sub(r"<[^>]+>", "", view.html).replace("&#34;", '"').replace("&lt;", "<")
    assert json.loads(bare) == value
    assert not view.is_cut


def test_json_without_end_is_cut():
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    assert JsonView(deep).is_cut
    assert JsonView(list(range(100_000))).html.count("\n") < 2_000


async def test_a_page_costs_three_statements_more_than_being_signed_in(
    runtime: Runtime, browser: Browser, monkeypatch: pytest.MonkeyPatch
):
    cost = await cost_at(runtime, browser, "/events", monkeypatch)
    assert len(cost.statements) <= 6, cost.statements
    assert cost.rows <= 120
