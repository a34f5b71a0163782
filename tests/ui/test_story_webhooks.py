"""Stories of whoever connects programs: a webhook is made, fails and is replayed; a key is made and revoked."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import standardwebhooks
from playwright.async_api import expect

from tests.sinks.receiver import Received, Receiver, answering, ok, receiving
from tests.ui.desk import Desk
from tests.ui.hands import stands
from tests.ui.visits import Visits

pytestmark = pytest.mark.engine


def count(got: list[Received], event: dict[str, Any]) -> int:
    return [json.loads(one.body)["id"] for one in got].count(event["id"])


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


async def test_a_webhook_is_made_fails_and_is_replayed(desk: Desk, visit: Visits, receiver: Receiver):
    page = await visit(desk.site, "/webhooks")
    await page.get_by_role("button", name="New webhook").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Address", exact=False).first.fill(receiver.url)
    await dialog.get_by_role("button", name="Create").click()
    secret = await page.locator("#webhook-secret").inner_text()
    assert secret.startswith("whsec_")
    await page.get_by_role("link", name="Open the webhook").click()
    await stands(page, receiver.url)

    await page.get_by_role("button", name="Send a test").click()
    await expect(page.locator("#test-result")).to_contain_text("The test arrived")
    got = receiver.got[-1]
    standardwebhooks.Webhook(secret).verify(got.body, got.headers)
    await expect(page.get_by_text(secret)).to_have_count(0)

    receiver.answer = answering(500, "the shop's database is away")
    seen = len(receiver.got)
    await desk.call("POST", "/v1/instances", {"instance_name": "nova", "start": False})
    await expect(page.locator("#webhook")).to_contain_text(re.compile("failing|tried again"))
    await expect(page.locator("#attempts")).to_contain_text("500")
    await page.get_by_role("link", name="Webhooks").first.click()
    await stands(page, "Webhooks")
    card = page.locator("#webhooks > li").filter(has_text=receiver.url)
    await expect(card).to_contain_text("500")

    await card.get_by_role("link").first.click()
    await stands(page, receiver.url)
    failed = json.loads(receiver.got[seen].body)
    receiver.answer = ok
    await page.get_by_role("button", name="Deliver again…").first.click()
    await page.get_by_role("dialog").get_by_role("radio", name="All that failed").check()
    await page.get_by_role("dialog").get_by_role("button", name="Deliver again").click()
    await expect(page.locator("#attempts")).to_contain_text("Arrived")
    await expect(page.locator("#webhook")).to_contain_text("Delivering")
    times = count(receiver.got, failed)
    assert times > 1

    await page.get_by_role("button", name=f"Deliver event {failed['seq']} again", exact=True).first.click()
    await receiver.until(lambda got: count(got, failed) > times)


async def test_a_key_is_made_shown_once_and_revoked(desk: Desk, visit: Visits):
    page = await visit(desk.site, "/keys")
    await page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name", exact=True).fill("n8n")
    await dialog.get_by_role("checkbox", name=re.compile("See instances")).check()
    await dialog.get_by_role("button", name="Create key").click()
    secret = await page.locator("#key-secret").inner_text()
    headers = {"Authorization": f"Bearer {secret}"}
    async with aiohttp.ClientSession(desk.site.origin, headers=headers) as program:
        assert (await program.get("/v1/instances")).status == 200
        assert (await program.get("/v1/keys")).status == 403
        await page.get_by_role("link", name="I have copied it").click()
        await expect(page.get_by_text(secret)).to_have_count(0)
        await stands(page, "Keys")
        await page.get_by_role("button", name="Revoke n8n").click()
        await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        await expect(page.get_by_role("button", name="Revoke n8n")).to_have_count(0)
        assert (await program.get("/v1/instances")).status == 401
