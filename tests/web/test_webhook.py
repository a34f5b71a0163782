"""One webhook's page: a test against a real receiver, what came of deliveries, replay, change, secret, removal."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from recado.domain.access import EVERYTHING
from recado.domain.events import NewEvent
from recado.runtime import Runtime
from recado.store import log
from tests.api.door import House
from tests.sinks.receiver import Receiver, answering, receiving
from tests.web.browser import Browser
from tests.web.cost import cost_at
from tests.web.hooks import HTMX, NOBODY, PT, made, moment, park, post, reach, resting, said, tried
from tests.web.test_instances import piece

SECRET = re.compile(r"whsec_[\w+/=]{40,}")


@pytest_asyncio.fixture(loop_scope="module")
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving(host="127.0.0.9") as receiver:
        yield receiver


async def test_a_test_says_what_came_back(runtime: Runtime, browser: Browser, receiver: Receiver):
    webhook = await made(runtime, url=receiver.url)
    answer = await post(browser, f"/webhooks/{webhook.id}/test")
    assert "The test arrived 200" in answer.text
    assert "fine" in answer.text

    receiver.answer = answering(503, "<b>out</b> of order")
    answer = await post(browser, f"/webhooks/{webhook.id}/test", PT)
    assert "O teste não chegou o receptor respondeu 503" in answer.text
    assert "&lt;b&gt;out&lt;/b&gt; of order" in answer.html


async def test_the_tries_are_shown_and_the_failed_ones_alone(runtime: Runtime, browser: Browser):
    webhook = await made(runtime)
    good = await tried(runtime, webhook, answer="<i>ok</i>")
    bad = await tried(
        runtime, webhook, position=2, attempt=3, status=None, error="no answer in time", duration_ms=15000
    )

    page = await browser.get(f"/webhooks/{webhook.id}")
    failed = await browser.get(f"/webhooks/{webhook.id}?show=failed")

    assert page.html.index(f"attempt-{bad.id}") < page.html.index(f"attempt-{good.id}")
    assert "&lt;i&gt;ok&lt;/i&gt;" in page.html
    assert "15,000 ms · try 3 no answer in time" in page.text
    assert f"attempt-{bad.id}" in failed.html
    assert f"attempt-{good.id}" not in failed.html


async def test_older_tries_are_a_page_further(runtime: Runtime, browser: Browser):
    webhook = await made(runtime)
    attempts = [await tried(runtime, webhook, position=n) for n in range(1, 53)]
    page = await browser.get(f"/webhooks/{webhook.id}")
    assert page.html.count('id="attempt-') == 50
    [after] = set(re.findall(r"after=([0-9a-f-]{36})#", page.html))
    older = await browser.get(f"/webhooks/{webhook.id}?after={after}")
    assert re.findall(r'id="attempt-([0-9a-f-]{36})', older.html) == [str(one.id) for one in attempts[1::-1]]


async def test_the_page_is_live_down_to_its_removal(runtime: Runtime, browser: Browser):
    webhook = await made(runtime)
    old = await tried(runtime, webhook)
    async with browser.live(f"/webhooks/{webhook.id}/live?after=0&newest={old.id}") as pieces:
        _, _, first = await anext(pieces)
        assert 'id="webhook"' in first
        assert f"attempt-{old.id}" not in first
        new = await tried(runtime, webhook, status=500, error="the receiver answered 500")
        assert f"attempt-{old.id}" not in await piece(pieces, f'id="attempt-{new.id}" data-into="#attempts"')
        await runtime.services.webhooks.remove(EVERYTHING, webhook.id)
        assert await piece(pieces, "This webhook was removed.")


async def test_what_waits_and_what_was_given_up_is_shown_and_one_is_delivered_again(
    runtime: Runtime, browser: Browser, house: House
):
    webhook = await resting(runtime)
    position = await happened(runtime, "instance.created")
    await reach(runtime, webhook, position)
    await park(runtime, webhook, position, "dead")

    page = await browser.get(f"/webhooks/{webhook.id}")
    assert "Given up Instance created" in page.text
    assert f"Deliver event {position} again" in page.html

    answer = await post(browser, f"/webhooks/{webhook.id}/replay/{position}")
    assert "1 event is delivered again." in answer.text
    [(state,)] = await said(runtime, "SELECT state FROM recado.parked_deliveries WHERE webhook_id = %s", webhook.id)
    assert state == "waiting"


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"what": "failed"}, "1 event is delivered again."),
        ({"what": "span", "begin": timedelta(hours=1), "end": timedelta(0)}, "2 events are delivered again."),
        ({"what": "since", "begin": timedelta(hours=1)}, "2 events are delivered again."),
        ({"what": "since", "begin": timedelta(0)}, "There was nothing to deliver again."),
    ],
    ids=lambda value: str(value.get("what")) if isinstance(value, dict) else "",
)
async def test_more_is_delivered_again(runtime: Runtime, browser: Browser, form: dict[str, Any], told: str):
    webhook = await resting(runtime)
    positions = [await happened(runtime, "instance.created") for _ in range(2)]
    await reach(runtime, webhook, positions[-1])
    await said(
        runtime, "UPDATE recado.event_log SET time = now() - interval '3 hours' WHERE position < %s", positions[0]
    )
    await park(runtime, webhook, positions[0], "dead")
    typed = {name: moment(value) if isinstance(value, timedelta) else value for name, value in form.items()}
    if typed["what"] == "span":
        typed["end"] = moment(timedelta(seconds=-60))
    if form.get("begin") == timedelta(0):
        typed["begin"] = moment(timedelta(seconds=-60))

    assert "Deliver again" in (await browser.part(f"/webhooks/{webhook.id}/replay")).text
    answer = await post(browser, f"/webhooks/{webhook.id}/replay", **typed)

    assert told in answer.text
    assert answer.headers["hx-retarget"] == "#asked"


@pytest.mark.parametrize(
    ("form", "told", "field"),
    [
        ({"what": "since"}, "Informe a partir de quando.", "begin"),
        ({"what": "span", "begin": "2026-01-01T00:00"}, "Informe até quando.", "until"),
        ({"what": "span", "begin": "2026-01-02T00:00", "end": "2026-01-01T00:00"}, "termina antes de começar", "until"),
    ],
)
async def test_a_span_that_is_none_is_said_in_the_form(
    runtime: Runtime, browser: Browser, form: dict[str, str], told: str, field: str
):
    webhook = await made(runtime)
    answer = await post(browser, f"/webhooks/{webhook.id}/replay", PT, **form)
    assert answer.status == 422
    assert told in answer.text
    assert f'id="wrong-{field}"' in answer.html


async def test_it_is_paused_switched_off_and_set_going(runtime: Runtime, browser: Browser):
    webhook = await made(runtime)
    for wanted, told in (("paused", "Paused"), ("disabled", "Switched off"), ("active", "Nothing delivered yet")):
        answer = await post(browser, f"/webhooks/{webhook.id}/state", wanted=wanted)
        assert told in answer.text
        assert (await runtime.services.webhooks.get(EVERYTHING, webhook.id)).state == wanted


async def test_it_is_changed_and_what_was_typed_stays_when_it_cannot_be(runtime: Runtime, browser: Browser):
    webhook = await made(runtime, headers={"X-Old": "1"})
    page = await browser.get(f"/webhooks/{webhook.id}")
    assert "X-Old: 1</textarea>" in page.html
    assert 'name="types" value="webhook.test"' in page.html

    wrong = await post(browser, f"/webhooks/{webhook.id}", url="ftp://x", which="all")
    assert (wrong.status, 'value="ftp://x"' in wrong.html) == (422, True)
    form = {"url": f"{NOBODY}/changed", "which": "some", "families": "group", "types": "message.sent", "headers": ""}
    assert (await post(browser, f"/webhooks/{webhook.id}", **form)).headers["hx-redirect"] == f"/webhooks/{webhook.id}"
    now = await runtime.services.webhooks.get(EVERYTHING, webhook.id)
    assert (now.url, now.events, now.headers) == (form["url"], ["group.*", "message.sent"], {})


async def test_the_secret_is_changed_once(runtime: Runtime, browser: Browser):
    webhook, once = await made(runtime), str(uuid4())
    answer = await post(browser, f"/webhooks/{webhook.id}/secret", once=once)
    again = await post(browser, f"/webhooks/{webhook.id}/secret", once=once)
    [secret] = set(SECRET.findall(answer.html))
    assert again.status == 409
    assert again.headers["hx-retarget"] == "#notices"
    [(kept,)] = await said(runtime, "SELECT secret FROM recado.webhooks WHERE id = %s", webhook.id)
    assert kept == secret


async def test_it_is_removed_and_an_open_page_says_so(runtime: Runtime, browser: Browser):
    webhook = await made(runtime)
    assert (await browser.post(f"/webhooks/{webhook.id}/remove")).leads_to == "/webhooks"
    answer = await browser.post(f"/webhooks/{webhook.id}/state", HTMX | PT, wanted="paused")
    assert (answer.status, answer.headers["hx-retarget"]) == (404, "#notices")
    assert "Este webhook não existe (mais)." in answer.text
    assert (await browser.get(f"/webhooks/{webhook.id}")).status == 404


async def test_the_webhook_of_an_instances_own_address_is_changed_there(runtime: Runtime, browser: Browser):
    [filial] = (await runtime.services.instances.list(EVERYTHING, search="filial")).items
    await runtime.services.instances.update(filial, {"webhook_url": f"{NOBODY}/own"})
    [webhook] = [one for one in await runtime.services.webhooks.list(EVERYTHING) if one.url.endswith("/own")]
    page = await browser.get(f"/webhooks/{webhook.id}")
    assert "readonly" in page.html
    assert 'data-open="#remove"' not in page.html
    answer = await post(browser, f"/webhooks/{webhook.id}", url=f"{NOBODY}/else", which="some", families="message")
    assert "hx-redirect" in answer.headers
    now = await runtime.services.webhooks.get(EVERYTHING, webhook.id)
    assert (now.url, now.events) == (webhook.url, ["message.*"])
    refused = await browser.post(f"/webhooks/{webhook.id}/remove", PT)
    assert (refused.status, "endereço de webhook da própria instância" in refused.text) == (409, True)
    await runtime.services.instances.update(filial, {"webhook_url": None})


async def test_a_page_of_a_busy_webhook_costs_the_same(
    runtime: Runtime, browser: Browser, monkeypatch: pytest.MonkeyPatch
):
    webhook = await made(runtime)
    for n in range(1, 60):
        await tried(runtime, webhook, position=n, at=datetime.now(UTC))
        await park(runtime, webhook, n, "dead")
    cost = await cost_at(runtime, browser, f"/webhooks/{webhook.id}", monkeypatch)
    assert len(cost.statements) <= 9, cost.statements
    assert cost.rows <= 90


async def happened(runtime: Runtime, type: str) -> int:
    """An event that stands in the log now; its position."""
    clock = runtime.services.clock
    event = NewEvent(id=clock.new_id(), type=type, time=clock.now(), instance_id=None, instance_name=None)
    async with runtime.database.transaction() as tx:
        [position] = await log.append(tx, [event])
    return position
