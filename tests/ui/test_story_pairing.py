"""The story of the first start: sign in by the link, create, scan the QR off the screen, find everything there.

And what comes after: the phone unlinks, the code runs out, the instance goes while its page is open.
"""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.ui.desk import Desk
from tests.ui.eyes import qr_on
from tests.ui.hands import bubble, bubbles, open_chat, scan, stands
from tests.ui.site import Site
from tests.ui.visits import NARROW, Visits

pytestmark = pytest.mark.engine

MARIA = "5511988887777@s.whatsapp.net"


async def create(place: Locator, name: str) -> None:
    """Fill in the form that stands there."""
    await place.get_by_label("Name", exact=True).fill(name)
    await place.get_by_role("button", name="Create and link a phone").click()
    await stands(place.page, f"Link a phone to {name}")


def state(page: Page) -> Locator:
    """What the page of an instance says of how it stands."""
    return page.get_by_role("region", name="State")


def first_link(recado: Site) -> str:
    """The one that the first start prints."""
    found = re.search(r"http://\S+/link\S+", recado.product.log.read_text())
    assert found is not None, recado.product.log.read_text()
    return found.group()


async def test_s8_7_first_start_to_contacts_and_old_chats_by_the_link_and_the_qr_on_the_screen(
    recado: Site, visit: Visits
):
    phone = await recado.network.add_phone("5511999990001", name="Loja da Ana")
    past = [{"id": f"3AOLD{n}", "at": 1_750_000_000 + 60 * n, "text": f"Recado antigo {n}"} for n in range(3)]
    await phone.remember({"chat": MARIA, "name": "Maria Souza", "messages": past})
    page = await visit(recado, first_link(recado), is_signed_in=False, is_known=False)
    await expect(page.get_by_role("heading", name="Your first number")).to_be_visible()
    await create(page.locator("#instance-list"), "loja")
    await expect(page.get_by_role("timer")).to_contain_text("New code in")
    await scan(phone, page)
    await stands(page, "loja")
    await expect(state(page)).to_contain_text("Connected")
    await expect(page.locator("#timeline")).to_contain_text("The phone has agreed")
    await page.get_by_role("link", name="Conversations").first.click()
    await stands(page, "Conversations")
    await open_chat(page, "Maria Souza")
    await expect(bubbles(page)).to_have_count(3)
    await expect(bubble(page, "Recado antigo 2")).to_be_visible()
    await page.get_by_role("link", name="Contacts").click()
    await expect(page.locator("#listing")).to_contain_text("Maria Souza")


async def test_the_phone_unlinks_and_the_card_says_so_and_how_to_go_on(desk: Desk, visit: Visits):
    phone = await desk.site.network.add_phone("5511999990101", name="Ana")
    await desk.site.product.pair("ana", phone)
    page = await visit(desk.site, "/instances", size=NARROW)
    card = page.get_by_role("article").filter(has=page.get_by_role("link", name="ana", exact=True))
    await expect(card).to_contain_text("Connected")
    await phone.unlink()
    await expect(card).to_contain_text("Unlinked")
    await expect(card).to_contain_text("The device was unlinked on the phone")
    await card.get_by_role("link", name="ana", exact=True).click()
    await stands(page, "ana")
    await page.get_by_role("button", name="Link the phone again").click()
    await scan(phone, page)
    await expect(state(page)).to_contain_text("Connected")


async def test_a_code_that_is_over_offers_one_click_to_go_on(desk: Desk, visit: Visits):
    await desk.call("POST", "/v1/instances", {"instance_name": "bia"})
    await desk.site.product.until_state("bia", "awaiting_scan")
    page = await visit(desk.site, f"/instances/{desk.id_of('bia')}/pair")
    first = await qr_on(page)
    await desk.call("POST", "/v1/instances/bia/stop")
    await page.get_by_role("button", name="Show the QR code").click()
    phone = await desk.site.network.add_phone("5511999990102", name="Bia")
    await scan(phone, page, other_than=first)
    await expect(state(page)).to_contain_text("Connected")


async def test_a_pairing_code_is_the_other_way(desk: Desk, visit: Visits):
    phone = await desk.site.network.add_phone("5511999990103", name="Caio")
    page = await visit(desk.site, "/instances")
    await page.get_by_role("button", name="New instance").click()
    await create(page.get_by_role("dialog"), "caio")
    await qr_on(page)
    await page.get_by_text("No camera? Use a code").click()
    await page.get_by_label("Phone number").fill("+55 11 99999-0103")
    await page.get_by_role("button", name="Get a code").click()
    code = page.locator(".code-to-type")
    await expect(code).to_be_visible()
    await phone.enter_code("".join(await code.locator("span").all_inner_texts()))
    await expect(state(page)).to_contain_text("Connected")


async def test_a_form_that_is_sent_twice_makes_one_instance(desk: Desk, visit: Visits):
    page = await visit(desk.site, "/instances")
    await page.get_by_role("button", name="New instance").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name", exact=True).fill("duda")
    await dialog.get_by_role("button", name="Create and link a phone").dblclick()
    await expect(page).to_have_title("Link a phone to duda · Recado")
    assert desk.sql("SELECT count(*) FROM public.whatsapp_instances WHERE instance_name LIKE 'duda%%'") == [(1,)]


async def test_an_instance_removed_while_its_page_is_open_says_so(desk: Desk, visit: Visits):
    visit.expect("status of 404")
    await desk.call("POST", "/v1/instances", {"instance_name": "efe", "start": False})
    path = f"/instances/{desk.id_of('efe')}"
    page = await visit(desk.site, path)
    await expect(page.get_by_role("heading", name="efe", exact=True)).to_be_visible()
    await desk.call("DELETE", "/v1/instances/efe")
    await expect(page.locator("#content")).to_contain_text("removed")
    await page.goto(path)
    await expect(page.locator("#content")).to_contain_text("There is no such instance")


async def test_removing_asks_for_the_name(desk: Desk, visit: Visits):
    visit.expect("status of 422", "Status Error Code 422")
    await desk.call("POST", "/v1/instances", {"instance_name": "gil", "start": False})
    page = await visit(desk.site, f"/instances/{desk.id_of('gil')}")
    await page.get_by_role("button", name="Remove").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").fill("another")
    await dialog.get_by_role("button", name="Remove").click()
    await expect(dialog.get_by_role("alert")).to_be_visible()
    await dialog.get_by_role("textbox").fill("gil")
    await dialog.get_by_role("button", name="Remove").click()
    await expect(page).to_have_title("Instances · Recado")
    assert desk.sql("SELECT instance_name FROM public.whatsapp_instances WHERE instance_name = 'gil'") == []
