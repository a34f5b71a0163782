"""Stories of conversations: what is written appears by itself, answers go out, and nothing that was written is lost."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from tests.ui.desk import Desk
from tests.ui.hands import bubble, bubbles, composer, open_chat, row, rows, send
from tests.ui.visits import NARROW, Visits

pytestmark = pytest.mark.engine

GONE = "net::ERR|Failed to (fetch|load)|status of 50"
DROPPED = """
(element) => {
  const data = new DataTransfer()
  data.items.add(new File(["%PDF"], "lista.pdf", {type: "application/pdf"}))
  for (const kind of ["dragenter", "dragover", "drop"])
    element.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}))
}
"""


async def test_s8_8_a_contact_writes_and_is_answered_and_the_ticks_go_to_read(desk: Desk, visit: Visits):
    marta = await desk.person("5511988880010", "Marta")
    page = await visit(desk.site, "/chats")
    await page.evaluate("window.isTheSame = true")
    await marta.send_text(desk.phone, "Vocês abrem amanhã?")
    await expect(row(page, "Marta")).to_contain_text("Vocês abrem amanhã?")
    await open_chat(page, "Marta")
    await marta.send_text(desk.phone, "É feriado…")
    await expect(bubble(page, "É feriado…")).to_be_visible()
    await send(page, "Abrimos sim!")
    answer = bubble(page, "Abrimos sim!")
    await expect(answer).to_be_visible()
    await expect(composer(page)).to_have_value("")
    assert await marta.wait_text(containing="Abrimos") == "Abrimos sim!"
    await marta.read(desk.phone)
    await expect(answer.locator(".ticks")).to_have_attribute("title", "read")
    await expect(bubbles(page)).to_have_count(3)
    assert await page.evaluate("window.isTheSame")


async def test_a_group_shows_who_says_what(desk: Desk, visit: Visits):
    maria, joao = await desk.person("5511988880001", "Maria"), await desk.person("5511988880002", "João")
    group = await desk.site.network.add_group("Equipe", [desk.phone, maria, joao], admins=[maria])
    page = await visit(desk.site, "/chats")
    await maria.send_text(group, "Quem abre amanhã?")
    await open_chat(page, "Equipe")
    await joao.send_text(group, "Eu abro")
    await expect(bubble(page, "Eu abro").locator(".writer")).to_have_text("João")
    await expect(bubble(page, "Quem abre").locator(".writer")).to_have_text("Maria")
    await bubble(page, "Eu abro").hover()
    await bubble(page, "Eu abro").get_by_role("button", name="Reply").click()
    await send(page, "Obrigada, João")
    await expect(bubble(page, "Obrigada").locator(".quote")).to_contain_text("Eu abro")
    assert await maria.wait_text(containing="Obrigada") == "Obrigada, João"


async def test_a_conversation_whose_row_changes_while_it_is_opened_is_live_all_the_same(desk: Desk, visit: Visits):
    bia, caio = await desk.person("5511988880101", "Bia"), await desk.person("5511988880102", "Caio")
    await desk.has(await bia.send_text(desk.phone, "Oi"))
    page = await visit(desk.site, "/chats")
    may_answer = asyncio.Event()

    async def hold(route: Route) -> None:
        await may_answer.wait()
        await route.continue_()

    link = row(page, "Bia").get_by_role("link")
    await page.route(f"**{await link.get_attribute('href')}", hold)
    await link.click()
    await bia.send_text(desk.phone, "Tem pão?")
    await caio.send_text(desk.phone, "comes behind it, so that it has come")
    await expect(row(page, "Caio")).to_contain_text("comes behind it")
    may_answer.set()
    await expect(bubble(page, "Tem pão?")).to_be_visible()
    await bia.send_text(desk.phone, "E bolo?")
    await expect(bubble(page, "E bolo?")).to_be_visible()
    await expect(row(page, "Bia")).to_contain_text("E bolo?")


async def test_what_was_half_written_when_the_session_ended_is_kept(desk: Desk, visit: Visits):
    visit.expect("status of 401")
    maria = await desk.person("5511988880001", "Maria")
    await desk.has(await maria.send_text(desk.phone, "Oi"))
    page = await visit(desk.site, "/chats")
    await open_chat(page, "Maria")
    await composer(page).fill("Um texto comprido que ninguém quer escrever duas vezes")
    desk.sql("DELETE FROM recado.web_sessions")
    await page.locator("#composer").get_by_role("button", name="Send").click()
    await expect(page.get_by_role("alert")).to_contain_text("signed out")
    await expect(composer(page)).to_have_value("Um texto comprido que ninguém quer escrever duas vezes")
    made = await desk.call("POST", "/v1/keys", {"name": "again", "scopes": ["admin"]})
    again = page.get_by_role("link", name="Sign in again")
    await expect(again).to_have_attribute("href", re.compile("next=%2Fchats%2F"))
    await again.click()
    await page.get_by_label("Key", exact=True).fill(made["secret"])
    await page.get_by_role("button", name="Sign in").click()
    await expect(composer(page)).to_have_value("Um texto comprido que ninguém quer escrever duas vezes")
    await page.wait_for_load_state()
    await page.locator("#composer").get_by_role("button", name="Send").click()
    await maria.wait_text(containing="Um texto comprido")


async def test_a_page_that_comes_back_and_is_signed_out_says_so_by_itself(desk: Desk, visit: Visits):
    visit.expect(GONE, "status of 401")
    page = await visit(desk.site, "/chats")
    await desk.site.product.kill()
    desk.sql("DELETE FROM recado.web_sessions")
    await desk.site.product.start()
    await expect(page.get_by_role("alert")).to_contain_text("signed out")
    await expect(page.get_by_role("link", name="Sign in again")).to_have_attribute("href", "/sign-in?next=%2Fchats")


async def test_a_message_sent_twice_goes_once(desk: Desk, visit: Visits):
    maria = await desk.person("5511988880003", "Paula")
    await desk.has(await maria.send_text(desk.phone, "Oi"))
    page = await visit(desk.site, "/chats")
    await open_chat(page, "Paula")
    await composer(page).fill("Só uma vez")
    await page.locator("#composer").get_by_role("button", name="Send").dblclick()
    await expect(bubble(page, "Só uma vez")).to_have_count(1)
    await send(page, "Depois")
    await maria.wait_text(containing="Depois")
    await expect(bubble(page, "Só uma vez")).to_have_count(1)
    assert await maria.texts() == ["Só uma vez", "Depois"]


async def test_a_file_that_is_dropped_says_that_it_cannot_be_sent_yet(desk: Desk, visit: Visits):
    maria = await desk.person("5511988880001", "Maria")
    await desk.has(await maria.send_text(desk.phone, "Oi"))
    page = await visit(desk.site, "/chats")
    await open_chat(page, "Maria")
    await composer(page).fill("Segue a lista")
    await page.locator("#conversation").evaluate(DROPPED)
    await expect(
        page.locator("#composer").get_by_role("status").filter(has_text="Files cannot be sent")
    ).to_be_visible()
    await expect(composer(page)).to_have_value("Segue a lista")


async def test_the_server_is_killed_under_a_conversation_and_nothing_is_missed(desk: Desk, visit: Visits):
    visit.expect(GONE)
    maria = await desk.person("5511988880004", "Rita")
    await desk.has(await maria.send_text(desk.phone, "Antes"))
    page = await visit(desk.site, "/chats")
    await open_chat(page, "Rita")
    await page.evaluate("window.isTheSame = true")
    await desk.site.product.kill()
    await maria.send_text(desk.phone, "Durante")
    await send(page, "Escrita no escuro")
    await expect(page.get_by_role("status").filter(has_text="does not answer").first).to_be_visible()
    await desk.site.product.start()
    await expect(bubble(page, "Durante")).to_be_visible()
    await expect(page.locator("#offline")).to_be_hidden()
    await maria.send_text(desk.phone, "Depois")
    await expect(bubble(page, "Depois")).to_be_visible()
    await expect(bubble(page, "Escrita no escuro")).to_have_count(1)
    assert await maria.wait_text(containing="Escrita no escuro")
    assert await page.evaluate("window.isTheSame")


async def test_on_a_phone_the_list_and_the_conversation_take_turns(desk: Desk, visit: Visits):
    maria = await desk.person("5511988880001", "Maria")
    await desk.has(await maria.send_text(desk.phone, "Do celular"))
    page = await visit(desk.site, "/chats", size=NARROW)
    await open_chat(page, "Maria")
    await expect(rows(page).first).to_be_hidden()
    await send(page, "Também do celular")
    await expect(bubble(page, "Também do celular")).to_be_in_viewport()
    await page.get_by_role("link", name="Back to the list").click()
    await expect(rows(page).first).to_be_visible()


async def test_the_keyboard_is_enough(desk: Desk, visit: Visits):
    maria = await desk.person("5511988880005", "Teresa")
    await desk.has(await maria.send_text(desk.phone, "Com o teclado"))
    page = await visit(desk.site, "/chats")
    search, found = page.get_by_role("searchbox"), page.locator("#listing.found")
    await page.keyboard.press("/")
    await expect(search).to_be_focused()
    async with page.expect_response(re.compile("/chats/found.*q=Teresa(&|$)")):  # the last of those for what is typed
        await page.keyboard.type("Teresa")
    await expect(found).to_contain_text("Teresa")
    await page.keyboard.press("Escape")
    await expect(found).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(search).not_to_be_focused()
    await page.keyboard.press("j")
    await expect(row(page, "Teresa").get_by_role("link")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(bubble(page, "Com o teclado")).to_be_visible()
